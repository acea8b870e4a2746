// SPDX-License-Identifier: Apache-2.0
// The lock for a handful of instructions.
#include "charkha/detail/spin_lock.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

using charkha::detail::spin_guard;
using charkha::detail::spin_lock;

TEST_CASE("a lock can be taken again after it was released") {
  spin_lock lock;
  for (int i = 0; i < 3; ++i) {
    lock.lock();
    lock.unlock();
  }
  {
    const spin_guard guard(lock);
  }
  const spin_guard guard(lock);
}

TEST_CASE("a held lock keeps another thread out until it is released") {
  spin_lock lock;
  int inside = 0;
  std::atomic<bool> started{false};
  lock.lock();
  std::thread other([&] {
    started = true;
    const spin_guard guard(lock);
    CHECK(inside == 1);
    inside = 2;
  });
  while (!started) {
  }
  inside = 1;
  lock.unlock();
  other.join();
  const spin_guard guard(lock);
  CHECK(inside == 2);
}

TEST_CASE("many threads count without losing one") {
  struct counter {
    spin_lock lock;
    long value CHARKHA_GUARDED_BY(lock) = 0;
  } count;
  constexpr int threads = 4, each = 20'000;
  std::vector<std::thread> crowd;
  for (int t = 0; t < threads; ++t) {
    crowd.emplace_back([&count] {
      for (int i = 0; i < each; ++i) {
        const spin_guard guard(count.lock);
        ++count.value;
      }
    });
  }
  for (auto& thread : crowd) thread.join();
  const spin_guard guard(count.lock);
  CHECK(count.value == threads * each);
}

TEST_CASE("on one processor a waiter lets a holder that is not running go on") {
  cpu_set_t allowed;
  REQUIRE(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (std::size_t cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &one);
  }
  struct counter {
    spin_lock lock;
    long value CHARKHA_GUARDED_BY(lock) = 0;
  } count;
  constexpr int threads = 3, each = 100;
  std::vector<std::thread> crowd;
  for (int t = 0; t < threads; ++t) {
    crowd.emplace_back([&count, &one] {
      CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
      for (int i = 0; i < each; ++i) {
        const spin_guard guard(count.lock);
        std::this_thread::yield();  // the others run into the lock
        ++count.value;
      }
    });
  }
  for (auto& thread : crowd) thread.join();
  const spin_guard guard(count.lock);
  CHECK(count.value == threads * each);
}
