// SPDX-License-Identifier: Apache-2.0
// docs/coming-from-asyncio.md: several at a time, and one after the other.
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <charkha/charkha.hpp>

#include "expect.hpp"

using namespace std::chrono_literals;

charkha::coro<int> count(std::chrono::milliseconds takes) {
  co_await charkha::sleep(takes);
  co_return static_cast<int>(takes.count());
}
charkha::coro<std::string> name() { co_return "charkha"; }
charkha::coro<int> fail() {
  co_await charkha::sleep(1ms);
  throw std::runtime_error("failed");
}

// [gather]
charkha::coro<> gathers() {
  const auto pair = co_await charkha::gather(count(2ms), name());  // std::tuple<int, std::string>
  expect(std::get<0>(pair) == 2 && std::get<1>(pair) == "charkha");

  std::vector<charkha::coro<int>> counts;
  for (int i = 3; i > 0; --i) counts.push_back(count(std::chrono::milliseconds(i)));
  const auto values = co_await charkha::gather(std::move(counts));  // await gather(*counts): std::vector<int>
  expect(values == std::vector{3, 2, 1});
}
// [end]

// [return-exceptions]
charkha::coro<> errors_as_values() {
  const auto results = co_await charkha::gather(charkha::return_exceptions, count(1ms), fail());
  const auto& first = std::get<0>(results);
  const auto& second = std::get<1>(results);
  expect(first.has_value() && first.value() == 1);
  expect(second.error() != nullptr && !second.cancelled());
}
// [end]

// [wait-for]
charkha::coro<> limited() {
  const int value = co_await charkha::wait_for(count(1ms), 10s);  // asyncio's order: what, then how long
  expect(value == 1);
  auto slow = charkha::create_task(charkha::sleep(1h, 1));
  bool late = false;
  try {
    static_cast<void>(co_await charkha::wait_for(slow, 1ms));
  } catch (const charkha::timeout_error&) {
    late = true;
  }
  expect(late && slow.cancelled());  // cancelled, and waited for, before the error is thrown
}
// [end]

// [as-completed]
charkha::coro<> in_order_of_their_end() {
  std::vector<charkha::task<int>> tasks;
  for (int i = 3; i > 0; --i) tasks.push_back(charkha::create_task(count(std::chrono::milliseconds(i))));
  int total = 0;
  auto ended = charkha::as_completed(tasks);
  while (auto each = co_await ended.next()) total += each->result();  // async for each in as_completed(tasks):
  expect(total == 6);
}
// [end]

// [wait]
charkha::coro<> first_of() {
  std::vector<charkha::task<int>> tasks;
  tasks.push_back(charkha::create_task(count(1ms)));
  tasks.push_back(charkha::create_task(charkha::sleep(1h, 1)));
  const auto parted = co_await charkha::wait(tasks, {.until = charkha::return_when::first_completed});
  expect(parted.done.size() == 1 && parted.pending.size() == 1);
  for (const auto& each : parted.pending) each.cancel();
}
// [end]

// [generator]
charkha::generator<int> ticks(int last) {
  for (int i = 1; i <= last; ++i) {
    co_await charkha::sleep(1ms);
    co_yield i;
  }
}

charkha::coro<> iterates() {
  int total = 0;
  auto numbers = ticks(3);
  while (auto* number = co_await numbers.next()) total += *number;  // async for number in ticks(3):
  expect(total == 6);

  auto endless = ticks(1'000'000);
  const int first = *co_await endless.next();
  co_await endless.close();  // await agen.aclose(); without it the destructor ends it, which cannot await
  expect(first == 1);
}
// [end]

charkha::coro<> async_main() {
  co_await gathers();
  co_await errors_as_values();
  co_await limited();
  co_await in_order_of_their_end();
  co_await first_of();
  co_await iterates();
}

int main() { charkha::run(async_main(), {.workers = 4}); }
