// SPDX-License-Identifier: Apache-2.0
// A latch that a signal handler may set.
#include "signal_latch.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>
#include <vector>

#include "support/signal_action.hpp"

using charkha::detail::signal_latch;

namespace {

signal_latch* of_handler = nullptr;
void set_latch(int /*signal*/) { of_handler->set(); }

}  // namespace

TEST_CASE("it is unset until it is set, and then for good") {
  signal_latch latch;
  CHECK_FALSE(latch.is_set());
  latch.set();
  CHECK(latch.is_set());
  latch.set();
  CHECK(latch.is_set());
  latch.wait();
  latch.wait();
}

TEST_CASE("all threads that wait go on, and see what the setter did before") {
  for (int round = 0; round < 50; ++round) {
    signal_latch latch;
    int written = 0;
    std::atomic<int> here{0}, right{0};
    std::vector<std::thread> crowd;
    for (int i = 0; i < 4; ++i) {
      crowd.emplace_back([&] {
        ++here;
        latch.wait();
        if (written == 7) ++right;
      });
    }
    while (here < round % 5) std::this_thread::yield();  // from none to all of them are waiting, or about to
    written = 7;
    latch.set();
    for (auto& thread : crowd) thread.join();
    CHECK(right == 4);
  }
}

TEST_CASE("a signal handler sets it, and leaves errno alone") {
  signal_latch latch;
  of_handler = &latch;
  const charkha::test::signal_action handled(SIGUSR1, set_latch);
  std::thread waiting([&] { latch.wait(); });
  errno = 77;
  std::raise(SIGUSR1);
  CHECK(errno == 77);
  waiting.join();
  CHECK(latch.is_set());
}

TEST_CASE("a signal that interrupts the wait does not end it") {
  signal_latch latch, other;
  of_handler = &other;
  const charkha::test::signal_action handled(SIGUSR1, set_latch);
  std::atomic<bool> went_on{false};
  std::thread waiting([&] {
    std::raise(SIGUSR1);
    latch.wait();
    went_on = true;
  });
  other.wait();
  for (int i = 0; i < 20; ++i) {
    pthread_kill(waiting.native_handle(), SIGUSR1);
    std::this_thread::yield();
  }
  CHECK_FALSE(went_on);
  latch.set();
  waiting.join();
  CHECK(went_on);
}
