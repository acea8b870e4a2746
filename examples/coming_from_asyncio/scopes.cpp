// SPDX-License-Identifier: Apache-2.0
// docs/coming-from-asyncio.md: what Python writes with `async with`.
#include <chrono>
#include <cstddef>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <charkha/charkha.hpp>

#include "expect.hpp"

using namespace std::chrono_literals;

charkha::coro<std::string> fetch(std::string name) {
  co_await charkha::sleep(1ms);
  if (name.empty()) throw std::invalid_argument("no name");
  co_return name;
}

// [timeout]
charkha::coro<> load() {
  auto page = []() -> charkha::coro<std::string> {
    const std::string head = co_await fetch("head");
    const std::string body = co_await fetch("body");
    co_return head + body;
  };
  const std::string text = co_await charkha::timeout(10s, page);  // gives the body's value
  expect(text == "headbody");
}
// [end]

// [group]
charkha::coro<> load_together() {
  auto both = [](charkha::task_group& group) -> charkha::coro<std::string> {
    auto head = group.create_task(fetch("head"));
    auto body = group.create_task(fetch, "body");
    co_return co_await head + co_await body;
  };
  const std::string text = co_await charkha::with_task_group(both);  // here both have ended
  expect(text == "headbody");
}
// [end]

// [except-star]
charkha::coro<> errors_together() {
  int refused = 0;
  auto bad = [](charkha::task_group& group) -> charkha::coro<> {
    group.create_task(fetch(""));
    group.create_task(charkha::sleep(1h, "cancelled with the first error"));
    co_return;
  };
  try {
    co_await charkha::with_task_group(bad);
  } catch (const charkha::exception_group& errors) {
    errors
        .handle<std::invalid_argument>([&](const std::invalid_argument&) { ++refused; })  // except* ValueError:
        .rethrow();  // what nobody took, if there is any
  }
  expect(refused == 1);
}
// [end]

// [group-value]
charkha::coro<> owes_a_value() {
  auto answer = [](charkha::task_group& group) -> charkha::coro<int> {
    group.cancel();  // no error; but the body never comes to its co_return
    co_await charkha::sleep(1h);
    co_return 42;
  };
  bool no_value = false;
  try {
    static_cast<void>(co_await charkha::with_task_group(answer));
  } catch (const charkha::cancelled_error&) {
    no_value = true;
  }
  expect(no_value);
}
// [end]

// [when-all]
charkha::coro<long> sum(std::span<const int> numbers) {
  if (numbers.size() <= 1000) co_return std::accumulate(numbers.begin(), numbers.end(), 0L);
  const std::size_t half = numbers.size() / 2;
  const auto halves = co_await charkha::when_all(sum(numbers.first(half)), sum(numbers.subspan(half)));
  co_return std::get<0>(halves) + std::get<1>(halves);  // here both have ended: the span could not dangle
}
// [end]

charkha::coro<> divides() {
  const std::vector<int> numbers(100'000, 1);
  const long total = co_await sum(numbers);
  expect(total == 100'000);
}

// [condition]
charkha::coro<> wait_until_ready(charkha::condition& changed, const bool& ready) {
  const auto held = co_await changed.hold();  // async with condition:
  co_await changed.wait([&ready] { return ready; });
}
// [end]

charkha::coro<> waits() {
  charkha::condition changed;
  bool ready = false;
  auto waiting = charkha::create_task(wait_until_ready(changed, ready));
  {
    const auto held = co_await changed.hold();
    ready = true;
    changed.notify_all();
  }
  co_await waiting;
}

charkha::coro<> async_main() {
  co_await load();
  co_await load_together();
  co_await errors_together();
  co_await owes_a_value();
  co_await divides();
  co_await waits();
}

int main() { charkha::run(async_main(), {.workers = 4}); }
