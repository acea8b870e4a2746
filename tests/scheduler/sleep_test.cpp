// SPDX-License-Identifier: Apache-2.0
// Suspending for a while.
#include "charkha/sleep.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <ratio>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/gather.hpp"
#include "charkha/run.hpp"
#include "charkha/simulation.hpp"
#include "charkha/yield.hpp"
#include "support/hand_runtime.hpp"

using charkha::coro;
using charkha::simulation;
using charkha::detail::to_nanoseconds;
using charkha::test::hand_runtime;
using namespace std::chrono_literals;

namespace {

using seconds_as_double = std::chrono::duration<double>;

coro<> nap(std::chrono::nanoseconds time) { co_await charkha::sleep(time); }

}  // namespace

TEST_CASE("a sleep is never early, in real time") {
  auto body = []() -> coro<> {
    for (const auto time : {1ns, 999ns, 1000ns, 1001ns, 50'000ns, 1'000'001ns}) {
      const auto before = std::chrono::steady_clock::now();
      co_await charkha::sleep(time);
      CHECK(std::chrono::steady_clock::now() - before >= time);
    }
  };
  for (const int workers : {1, 2}) CHECK_NOTHROW(charkha::run(body(), {.workers = workers}));
}

TEST_CASE("many sleepers at once: none is early, all wake") {
  std::atomic<int> early{0}, woken{0};
  auto sleeper = [](int i, std::atomic<int>& bad, std::atomic<int>& count) -> coro<> {
    const auto time = std::chrono::microseconds(i * 37 % 3000);
    const auto before = std::chrono::steady_clock::now();
    co_await charkha::sleep(time);
    if (std::chrono::steady_clock::now() - before < time) ++bad;
    ++count;
  };
  auto body = [](auto make, std::atomic<int>& bad, std::atomic<int>& count) -> coro<> {
    std::vector<coro<>> all;
    for (int i = 0; i < 1000; ++i) all.push_back(make(i, bad, count));
    co_await charkha::gather(std::move(all));
  };
  for (const int workers : {1, 2, 4}) charkha::run(body(sleeper, early, woken), {.workers = workers});
  CHECK(early == 0);
  CHECK(woken == 3000);
}

TEST_CASE("virtual time: rounded up to a tick, never down") {
  for (const auto time : {1ns, 999ns, 1000ns, 1001ns, 123'456'789ns}) {
    simulation sim;
    auto body = [](std::chrono::nanoseconds span) -> coro<> {
      const auto before = charkha::clock::now();
      co_await charkha::sleep(span);
      const auto slept = charkha::clock::now() - before;
      CHECK(slept >= span);
      CHECK(slept < span + 1us);
    };
    sim.run(body(time));
  }
}

TEST_CASE("zero, negative and the most negative give up exactly one turn, behind what is ready (R54)") {
  for (const auto time : {0ns, -1ns, std::chrono::nanoseconds::min()}) {
    simulation sim;
    std::string log;
    auto other = [](std::string& out, char letter) -> coro<> {
      out += letter;
      co_await charkha::yield();
      out += letter;
    };
    auto body = [](auto make, std::string& out, std::chrono::nanoseconds span) -> coro<> {
      auto a = charkha::create_task(make(out, 'a'));
      auto b = charkha::create_task(make(out, 'b'));
      out += '0';
      co_await charkha::sleep(span);
      out += '1';
      co_await charkha::sleep(span);
      out += '2';
      co_await a;
      co_await b;
    };
    sim.run(body(other, log, time));
    CHECK(log == "0ab1ab2");
    CHECK(sim.now().time_since_epoch() == 0ns);
  }
}

TEST_CASE("a duration that is not a number is refused") {
  CHECK_THROWS_AS(static_cast<void>(charkha::sleep(seconds_as_double(std::numeric_limits<double>::quiet_NaN()))),
                  std::invalid_argument);
}

TEST_CASE("infinite and huge durations are for ever, and can be cancelled") {
  using years = std::chrono::duration<long long, std::ratio<31'556'952>>;
  const auto check = [](auto duration) {
    simulation sim;
    auto forever = [](decltype(duration) span) -> coro<> { co_await charkha::sleep(span); };
    auto body = [](auto make, decltype(duration) span) -> coro<> {
      auto t = charkha::create_task(make(span));
      co_await charkha::sleep(24h * 365);
      CHECK_FALSE(t.done());
      t.cancel();
      try {
        co_await t;
      } catch (const charkha::cancelled_error&) {
      }
      CHECK(t.cancelled());
    };
    sim.run(body(forever, duration));
    CHECK(sim.now().time_since_epoch() == 24h * 365);
  };
  check(seconds_as_double(std::numeric_limits<double>::infinity()));
  check(seconds_as_double(1e300));
  check(std::chrono::nanoseconds::max());
  check(std::chrono::hours::max());
  check(years(1'000'000'000));
}

TEST_CASE("durations of all kinds become nanoseconds: rounded up, saturating") {
  CHECK(to_nanoseconds(1h) == 3'600'000'000'000ns);
  CHECK(to_nanoseconds(seconds_as_double(1.5)) == 1'500'000'000ns);
  CHECK(to_nanoseconds(std::chrono::duration<double, std::nano>(0.1)) == 1ns);
  CHECK(to_nanoseconds(std::chrono::duration<int, std::pico>(1)) == 1ns);
  CHECK(to_nanoseconds(std::chrono::duration<int, std::pico>(1000)) == 1ns);
  CHECK(to_nanoseconds(std::chrono::duration<int, std::pico>(-1)) <= 0ns);
  CHECK(to_nanoseconds(std::chrono::duration<unsigned char>(3)) == 3s);
  CHECK(to_nanoseconds(std::chrono::hours::min()) == std::chrono::nanoseconds::min());
  CHECK(to_nanoseconds(seconds_as_double(-std::numeric_limits<double>::infinity())) == std::chrono::nanoseconds::min());
  CHECK_THROWS_AS(
      static_cast<void>(to_nanoseconds(std::chrono::duration<float>(std::numeric_limits<float>::quiet_NaN()))),
      std::invalid_argument);
  CHECK(charkha::detail::later(5, 7) == 12);
  CHECK(charkha::detail::later(5, INT64_MAX) == INT64_MAX);
  CHECK(charkha::detail::later(INT64_MAX - 7, 7) == INT64_MAX);
  CHECK(charkha::detail::later(5, INT64_MIN) < 0);
}

TEST_CASE("sleep_until a point in time; a point that is past gives up one turn") {
  simulation sim;
  auto body = []() -> coro<> {
    const auto start = charkha::clock::now();
    co_await charkha::sleep_until(start + 5s);
    CHECK(charkha::clock::now() == start + 5s);
    co_await charkha::sleep_until(start);
    CHECK(charkha::clock::now() == start + 5s);
    co_await charkha::sleep_until(charkha::clock::time_point::min());
    CHECK(charkha::clock::now() == start + 5s);
  };
  CHECK_NOTHROW(sim.run(body()));
}

TEST_CASE("cancelling a sleep ends it at once and removes its timer (R55)") {
  for (const std::size_t workers : {1U, 2U}) {
    CAPTURE(workers);
    hand_runtime runtime(workers);
    auto t = runtime.create_on(0, nap(1h));
    runtime.settle();
    CHECK(runtime.state().timers().armed() == 1);
    t.cancel("up");
    runtime.settle();
    CHECK(t.cancelled());
    CHECK(runtime.state().timers().armed() == 0);
  }
}

TEST_CASE("a cancel between expiry and resumption wins, whichever worker collected the timer") {
  for (const std::size_t workers : {1U, 2U}) {
    for (int steps = 0; steps < 4; ++steps) {
      CAPTURE(workers);
      CAPTURE(steps);
      hand_runtime runtime(workers);
      auto t = runtime.create_on(0, nap(1ms));
      runtime.settle();
      runtime.move_clock(1ms);
      for (int i = 0; i < steps; ++i) runtime.step(0);
      const bool asked = t.cancel("late");
      runtime.settle();
      CHECK(t.done());
      CHECK(t.cancelled() == asked);
      CHECK(runtime.state().timers().armed() == 0);
    }
  }
}

TEST_CASE("a request that was there before the sleep is delivered by it, zero or not, and arms nothing for good") {
  for (const auto time : {0ns, std::chrono::nanoseconds(1ms)}) {
    hand_runtime runtime(1);
    auto t = runtime.create_on(0, nap(time));
    auto body = [](std::chrono::nanoseconds span, charkha::task<>& me) -> coro<> {
      me.cancel("self");
      co_await charkha::sleep(span);
      CHECK(false);
    };
    charkha::task<> self;
    self = runtime.create_on(0, body(time, self));
    t.cancel();
    runtime.settle();
    CHECK(self.cancelled());
    CHECK(t.cancelled());
    CHECK(runtime.state().timers().armed() == 0);
  }
}

TEST_CASE("a hundred thousand sleeps that are armed and cancelled leave no timer") {
  hand_runtime runtime(1);
  auto body = []() -> coro<> {
    for (int i = 0; i < 100'000; ++i) {
      auto t = charkha::create_task(nap(1h));
      co_await charkha::yield();
      t.cancel();
      try {
        co_await t;
      } catch (const charkha::cancelled_error&) {
      }
    }
  };
  auto t = runtime.create_on(0, body());
  runtime.settle();
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
  CHECK(runtime.state().timers().armed() == 0);
}

TEST_CASE("a sleeping task that is destroyed takes its timer with it") {
  charkha::test::hand_runtime runtime(1);
  {
    auto t = runtime.create_on(0, nap(1h));
    runtime.settle();
    CHECK(runtime.state().timers().armed() == 1);
    charkha::detail::task_access::block(t).abandon();
  }
  CHECK(runtime.state().timers().armed() == 0);
}

TEST_CASE("a sleep may give a value: copied, moved, dropped when it is cancelled") {
  simulation sim;
  auto body = []() -> coro<> {
    const std::string text = co_await charkha::sleep(1s, std::string("rested"));
    CHECK(text == "rested");
    const auto box = co_await charkha::sleep(0s, std::make_unique<int>(3));
    CHECK(*box == 3);
    const int value = 4;
    const int same = co_await charkha::sleep(1s, value);
    CHECK(same == 4);
    auto kept = std::make_shared<int>(5);
    auto t = charkha::create_task(charkha::sleep(1h, kept));
    co_await charkha::yield();
    CHECK(kept.use_count() > 1);
    t.cancel();
    co_await charkha::sleep(1us);
    CHECK(t.cancelled());
    CHECK(kept.use_count() == 1);
  };
  sim.run(body());
  CHECK(sim.now().time_since_epoch() == 2s + 1us);
}

TEST_CASE("sleeps are things to gather, beside coros, and can be kept before they are awaited") {
  for (const int workers : {1, 2, 4}) {
    simulation sim({.workers = workers});
    auto body = []() -> coro<> {
      auto later = charkha::sleep(2s);
      co_await charkha::sleep(1s);
      const auto all = co_await charkha::gather(later, charkha::sleep(1s), charkha::sleep(3s, 7), nap(1s));
      CHECK(std::get<2>(all) == 7);
    };
    sim.run(body());
    CHECK(sim.now().time_since_epoch() == 4s);
  }
}
