// SPDX-License-Identifier: Apache-2.0
// docs/coming-from-asyncio.md: forms that g++ 12 compiles correctly.
#include <chrono>
#include <string>
#include <vector>

#include <charkha/charkha.hpp>

#include "expect.hpp"

using namespace std::chrono_literals;

charkha::coro<bool> has_more() { co_return false; }
charkha::coro<std::string> from_cache() { co_return "cached"; }
charkha::coro<std::string> from_disk() { co_return "read"; }

// [bind-first]
charkha::coro<> drain() {
  bool more = co_await has_more();  // not: while (co_await has_more())
  while (more) more = co_await has_more();
}
// [end]

// [name-it]
charkha::coro<> fill(std::string& text) {
  auto body = [&text]() -> charkha::coro<> {  // not: co_await charkha::timeout(1s, [&text]() -> ...)
    text = co_await from_disk();
  };
  co_await charkha::timeout(1s, body);
}
// [end]

// [list]
charkha::coro<> wait_for_both(charkha::task<> a, charkha::task<> b) {
  const std::vector both{a, b};  // not: co_await charkha::wait(std::vector{a, b})
  co_await charkha::wait(both);
}
// [end]

// [if-else]
charkha::coro<std::string> read(bool cached) {
  if (cached) co_return co_await from_cache();  // not: co_await (cached ? from_cache() : from_disk())
  co_return co_await from_disk();
}
// [end]

charkha::coro<> async_main() {
  co_await drain();
  std::string text;
  co_await fill(text);
  expect(text == "read");
  auto first = charkha::create_task(drain());
  auto second = charkha::create_task(drain());
  co_await wait_for_both(first, second);
  text = co_await read(true);
  expect(text == "cached");
}

int main() { charkha::run(async_main(), {.workers = 4}); }
