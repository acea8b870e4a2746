// SPDX-License-Identifier: Apache-2.0
// Blocking one thread until a token or a deadline.
#include "parker.hpp"

#include <doctest/doctest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <thread>

#include "charkha/detail/atomics.hpp"

using charkha::detail::parker;

namespace {

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

TEST_CASE("a token that was given before ends the park at once, and once") {
  parker p;
  p.unpark();
  CHECK(p.park_until(parker::never));
  CHECK_FALSE(p.park_until(0));
}

TEST_CASE("two tokens before a park are one") {
  parker p;
  p.unpark();
  p.unpark();
  CHECK(p.park_until(parker::never));
  CHECK_FALSE(p.park_until(0));
}

TEST_CASE("a deadline that is past, zero or negative does not block") {
  parker p;
  CHECK_FALSE(p.park_until(0));
  CHECK_FALSE(p.park_until(-5));
  CHECK_FALSE(p.park_until(INT64_MIN));
  CHECK_FALSE(p.park_until(now() - 1));
  p.unpark();
  CHECK(p.park_until(0));  // a token counts all the same
}

TEST_CASE("a park ends by its deadline, not before") {
  parker p;
  const auto deadline = now() + 3'000'000;
  CHECK_FALSE(p.park_until(deadline));
  CHECK(now() >= deadline);
}

TEST_CASE("a token from another thread ends the park and brings what was written before it") {
  for (int i = 0; i < 500; ++i) {
    parker p;
    int value = 0;
    std::thread other([&] {
      value = 42;
      p.unpark();
    });
    CHECK(p.park_until(parker::never));
    CHECK(value == 42);
    other.join();
  }
}

TEST_CASE("a signal does not end the park") {
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = [](int) {};
  REQUIRE(sigaction(SIGUSR1, &action, &before) == 0);
  parker p;
  std::atomic<bool> returned{false}, ready{false};
  std::thread sleeper([&] {
    ready = true;
    CHECK(p.park_until(parker::never));
    returned = true;
  });
  while (!ready) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) {
    pthread_kill(sleeper.native_handle(), SIGUSR1);
    std::this_thread::yield();
  }
  CHECK_FALSE(returned);
  p.unpark();
  sleeper.join();
  CHECK(returned);
  sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("ping-pong: no token is lost") {
  parker ping, pong;
  constexpr int rounds = 5000;
  std::thread other([&] {
    for (int i = 0; i < rounds; ++i) {
      if (!ping.park_until(parker::never)) FAIL_CHECK("a park without a deadline ended without a token");
      pong.unpark();
    }
  });
  for (int i = 0; i < rounds; ++i) {
    ping.unpark();
    if (!pong.park_until(parker::never)) FAIL_CHECK("a park without a deadline ended without a token");
  }
  other.join();
  CHECK_FALSE(ping.park_until(0));
  CHECK_FALSE(pong.park_until(0));
}

TEST_CASE("a token against a deadline: what park_until says is true") {
  for (int i = 0; i < 2000; ++i) {
    parker p;
    std::thread other([&] { p.unpark(); });
    const bool token = p.park_until(now() + 20'000);
    other.join();
    CHECK(p.park_until(0) == !token);  // the token was taken then, or it is there now
  }
}

TEST_CASE("a token that is given while another one is taken is not lost") {
  parker p;
  std::atomic<long> written{0}, round{0};
  std::atomic<bool> stop{false};
  std::thread other([&] {
    long seen = 0;
    while (!stop) {
      const long next = round.load();
      if (next == seen) continue;
      seen = next;
      for (long i = seen % 64; i > 0; --i) charkha::detail::spin_pause();  // at another moment each time
      written.store(seen, std::memory_order_relaxed);
      p.unpark();
    }
  });
  bool lost = false;
  constexpr long rounds = 100'000;
  for (long i = 1; i <= rounds && !lost; ++i) {
    round = i;
    p.unpark();
    // Whoever finds the word not written has not seen its token, so one is to come.
    while (written.load(std::memory_order_relaxed) != i && !lost) lost = !p.park_until(now() + 10'000'000'000);
  }
  stop = true;
  other.join();
  CHECK_FALSE(lost);
}
