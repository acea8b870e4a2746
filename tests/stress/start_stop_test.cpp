// SPDX-License-Identifier: Apache-2.0
// Runtimes come and go, several at a time, and leave no thread, no memory and no descriptor behind.
// CHARKHA_STRESS_SCALE=n: n times as many.
#include <doctest/doctest.h>

#include <thread>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/must_end.hpp"
#include "support/process.hpp"
#include "support/stress_scale.hpp"

namespace {

using charkha::test::descriptors_of_this_process;
using charkha::test::memory_of_this_process;
using charkha::test::threads_of_this_process;

charkha::coro<int> answer() {
  co_await charkha::yield();
  co_return 42;
}

void start_and_stop(int times) {
  for (int i = 0; i < times; ++i) {
    const int value = charkha::run(answer(), {.workers = 1 + i % 4});
    REQUIRE(value == 42);
  }
}

}  // namespace

TEST_CASE("a thousand runtimes started and stopped leave no thread, no descriptor and no memory") {
  start_and_stop(200);  // whatever the first ones keep for good is there now
  const auto threads = threads_of_this_process();
  const auto descriptors = descriptors_of_this_process();
  const long memory = memory_of_this_process();
  start_and_stop(1'000 * static_cast<int>(charkha::test::stress_scale()));
  // A thread that was joined stays listed until the kernel has finished with it, also when they were counted first. One
  // that leaks stays for ever, and the test's time-out ends it.
  while (threads_of_this_process() > threads) std::this_thread::yield();
  CHECK(descriptors_of_this_process() == descriptors);
  // A runtime takes 20 kB: if each left but its smallest part, it would show.
  if (!charkha::test::with_sanitizer) CHECK(memory_of_this_process() - memory < 4'000'000);
}

TEST_CASE("a new runtime, a burst of blocking functions, and the end: all are called, whatever threads there are yet") {
  const auto burst = []() -> charkha::coro<int> {
    const auto one = [](int value) { return value; };
    std::vector<charkha::coro<int>> calls;
    for (int i = 0; i < 16; ++i) {
      calls.push_back([](auto function, int value) -> charkha::coro<int> {
        co_return co_await charkha::to_thread(function, value);
      }(one, i));
    }
    int sum = 0;
    for (const int each : co_await charkha::gather(std::move(calls))) sum += each;
    co_return sum;
  };
  for (unsigned i = 0; i < 200 * charkha::test::stress_scale(); ++i) {
    charkha::runtime runtime{{.workers = 2}};
    const auto sum = runtime.spawn(burst());
    charkha::test::must_end(runtime, sum);
    REQUIRE(sum.get() == 120);
  }
}

TEST_CASE("runtimes of several threads do not know of each other") {
  std::vector<std::thread> owners;
  std::vector<int> sums(4, 0);
  for (std::size_t owner = 0; owner < sums.size(); ++owner) {
    owners.emplace_back([&sum = sums[owner]] {
      for (int i = 0; i < 50; ++i) sum += charkha::run(answer(), {.workers = 2});
    });
  }
  for (auto& each : owners) each.join();
  for (const int sum : sums) CHECK(sum == 50 * 42);
}
