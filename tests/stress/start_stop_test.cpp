// SPDX-License-Identifier: Apache-2.0
// Runtimes come and go, several at a time, and leave no thread behind.
#include <doctest/doctest.h>

#include <filesystem>
#include <iterator>
#include <thread>
#include <vector>

#include "charkha/charkha.hpp"

namespace {

std::ptrdiff_t threads_of_this_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

charkha::coro<int> answer() {
  co_await charkha::yield();
  co_return 42;
}

}  // namespace

TEST_CASE("a thousand runtimes started and stopped leave no thread") {
  static_cast<void>(charkha::run(answer(), {.workers = 2}));  // whatever the first one starts for good is there now
  const auto before = threads_of_this_process();
  for (int i = 0; i < 1'000; ++i) {
    const int value = charkha::run(answer(), {.workers = 1 + i % 4});
    REQUIRE(value == 42);
  }
  // A thread that was joined stays listed until the kernel has finished with it. One that leaks stays for ever, and the
  // test's time-out ends it.
  while (threads_of_this_process() != before) std::this_thread::yield();
  CHECK(threads_of_this_process() == before);
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
