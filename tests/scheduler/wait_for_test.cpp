// SPDX-License-Identifier: Apache-2.0
// Awaiting something for a limited time.
#include "charkha/wait_for.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/gate.hpp"
#include "support/outcome.hpp"
#include "support/report_log.hpp"
#include "support/tracked.hpp"
#include "support/until.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::cancelled_error;
using charkha::coro;
using charkha::create_future;
using charkha::create_task;
using charkha::queue;
using charkha::report_kind;
using charkha::simulation;
using charkha::task;
using charkha::wait_for;
using charkha::test::gate;
using charkha::test::in_every_simulation;
using charkha::test::on_every_runtime;
using charkha::test::outcome_of;
using charkha::test::report_log;
using charkha::test::requests_here;
using charkha::test::seeds;
using charkha::test::tracked;
using charkha::test::until_waits;
using charkha::test::worker_counts;

coro<int> give(int value) {
  co_await charkha::yield();
  co_return value;
}
coro<int> sleep_and_give(std::chrono::nanoseconds time, int value) {
  co_await charkha::sleep(time);
  co_return value;
}
coro<int> fail() {
  co_await charkha::yield();
  throw std::runtime_error("failed");
}

/// wait_for, with its value dropped.
template <class Awaitable, class Limit>
coro<> limited(Awaitable what, Limit limit) {
  static_cast<void>(co_await wait_for(std::move(what), limit));
}

}  // namespace

TEST_CASE("whatever can be awaited is awaited, and gives its value if it ends in time") {
  on_every_runtime([]() -> coro<> {
    const int of_coro = co_await wait_for(give(1), 1h);
    CHECK(of_coro == 1);
    auto t = create_task(give(2));
    const int of_task = co_await wait_for(t, 1h);
    CHECK(of_task == 2);
    CHECK(t.result() == 2);
    auto f = create_future<int>();
    charkha::call_soon([f] { f.set_result(3); });
    const int of_future = co_await wait_for(f, 1h);
    CHECK(of_future == 3);
    queue<int> items;
    co_await items.put(4);
    const int of_queue = co_await wait_for(items.get(), 1h);
    CHECK(of_queue == 4);
    co_await wait_for(items.put(5), 1h);
    charkha::event happened;
    happened.set();
    co_await wait_for(happened.wait(), 1h);
    charkha::semaphore permits(1);
    co_await wait_for(permits.acquire(), 1h);
    CHECK(permits.locked());
    auto waits = create_task(limited(happened.wait(), 1h));
    co_await waits;
    const int gets = co_await charkha::ensure_task(items.get());
    CHECK(gets == 5);
    co_await wait_for(charkha::sleep(0s), 1h);
    const auto of_gather = co_await wait_for(charkha::gather(give(5), give(6)), 1h);
    CHECK(of_gather == std::tuple(5, 6));
    const auto of_self = co_await wait_for(wait_for(give(7), 1h), std::nullopt);
    CHECK(of_self == 7);
    CHECK(requests_here() == 0);
  });
}

TEST_CASE("a value that can only be moved comes through, with and without a limit, in time or without") {
  on_every_runtime([]() -> coro<> {
    auto make = [](int value) -> coro<std::unique_ptr<int>> {
      co_await charkha::yield();
      co_return std::make_unique<int>(value);
    };
    const auto limited_value = co_await wait_for(make(1), 1h);
    CHECK(*limited_value == 1);
    const auto unlimited_value = co_await wait_for(make(2), std::nullopt);
    CHECK(*unlimited_value == 2);
    auto t = create_task(make(3));
    while (!t.done()) co_await charkha::yield();
    const auto done_value = co_await wait_for(std::move(t), 0s);
    CHECK(*done_value == 3);
  });
}

TEST_CASE("what does not end in time is cancelled where it waits: all kinds of awaitables") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    queue<int> empty;
    std::string outcome = co_await outcome_of(limited(empty.get(), 10ms));
    CHECK(outcome == "timed out");
    co_await empty.put(1);  // whoever waited has left: nobody takes it
    CHECK(empty.qsize() == 1);
    outcome = co_await outcome_of(limited(charkha::sleep(1h), 10ms));
    CHECK(outcome == "timed out");
    auto f = create_future<int>();
    outcome = co_await outcome_of(limited(f, 10ms));
    CHECK(outcome == "timed out");
    CHECK(f.cancelled());
    auto t = create_task(sleep_and_give(1h, 1));
    outcome = co_await outcome_of(limited(t, 10ms));
    CHECK(outcome == "timed out");
    CHECK(t.cancelled());
    outcome = co_await outcome_of(limited(charkha::gather(sleep_and_give(1h, 1), sleep_and_give(2h, 1)), 10ms));
    CHECK(outcome == "timed out");
    CHECK(charkha::clock::now() - before == 50ms);
    CHECK(requests_here() == 0);
  });
}

TEST_CASE("errors come through, in time and without") {
  on_every_runtime([]() -> coro<> {
    std::string outcome = co_await outcome_of(limited(fail(), 1h));
    CHECK(outcome == "failed");
    outcome = co_await outcome_of(limited(fail(), std::nullopt));
    CHECK(outcome == "failed");
    auto f = create_future<int>();
    f.cancel("by itself");
    outcome = co_await outcome_of(limited(f, 0s));
    CHECK(outcome == "cancelled(by itself)");  // it was done: that is no matter of time
    outcome = co_await outcome_of(limited(f, 1h));
    CHECK(outcome == "cancelled(by itself)");
    outcome = co_await outcome_of(limited(task<int>(), 1h));
    CHECK(outcome.find("empty") != std::string::npos);
  });
}

TEST_CASE("a limit that is no number is refused; one that is beyond all time is none") {
  on_every_runtime([]() -> coro<> {
    const std::chrono::duration<double> nan(std::numeric_limits<double>::quiet_NaN());
    auto t = create_task(give(1));
    CHECK_THROWS_AS(static_cast<void>(wait_for(t, nan)), std::invalid_argument);
    const int value = co_await wait_for(t, std::chrono::hours::max());
    CHECK(value == 1);
    const int other = co_await wait_for(give(2), std::chrono::duration<double>(1e300));
    CHECK(other == 2);
  });
}

TEST_CASE("the time runs from the await, not from the call") {
  in_every_simulation([]() -> coro<> {
    auto later = wait_for(sleep_and_give(50ms, 1), 100ms);
    co_await charkha::sleep(1s);
    const int value = co_await std::move(later);
    CHECK(value == 1);
  });
}

TEST_CASE("without time a coroutine never begins, and what it was given is freed") {
  tracked::reset();
  for (const auto seed : seeds(200)) {
    CAPTURE(seed);
    std::atomic<int> begun{0};
    simulation sim({.workers = 8, .seed = seed});
    auto program = [&]() -> coro<> {
      auto begin = [&](tracked given) -> coro<> {
        begun += given.value;
        co_return;
      };
      for (const auto limit : {0ms, -5ms}) {
        auto never = limited(begin(tracked(1)), limit);
        const std::string outcome = co_await outcome_of(std::move(never));
        CHECK(outcome == "timed out");
      }
      queue<int> empty;
      const std::string outcome = co_await outcome_of(limited(empty.get(), 0s));
      CHECK(outcome == "timed out");
      CHECK(requests_here() == 0);
    };
    sim.run(program());
    CHECK(begun == 0);
    CHECK(tracked::alive == 0);
    CHECK(sim.now().time_since_epoch() == 0s);
  }
}

TEST_CASE("nothing is reported of a coroutine that had no time to begin") {
  report_log log;
  auto program = []() -> coro<> {
    const std::string outcome = co_await outcome_of(limited(fail(), 0s));
    CHECK(outcome == "timed out");
  };
  simulation({.workers = 4, .reports = &log, .debug = true}).run(program());
  CHECK(log.count() == 0);
}

TEST_CASE("who swallows the request gives his value; who fails in clean-up his error: with time and without") {
  on_every_runtime([]() -> coro<> {
    gate closed;
    auto swallow = [&]() -> coro<int> {
      try {
        co_await closed.wait();
      } catch (const cancelled_error&) {
      }
      co_await charkha::sleep(1ms);
      co_return 42;
    };
    auto fail_in_cleanup = [&]() -> coro<int> {
      try {
        co_await closed.wait();
      } catch (const cancelled_error&) {
        throw std::runtime_error("in clean-up");
      }
      co_return 0;
    };
    for (const auto limit : {1ms, 0ms}) {
      auto t = create_task(swallow());
      co_await until_waits(t);
      const int value = co_await wait_for(t, limit);
      CHECK(value == 42);
      auto failing = create_task(fail_in_cleanup());
      co_await until_waits(failing);
      const std::string outcome = co_await outcome_of(limited(failing, limit));
      CHECK(outcome == "in clean-up");
      CHECK(requests_here() == 0);
    }
    const int value = co_await wait_for(swallow(), 1ms);
    CHECK(value == 42);
  });
}

TEST_CASE("a request from outside stays cancelled_error at every step, and is passed on") {
  on_every_runtime([]() -> coro<> {
    // Before it begins, while it waits, and without time while the task cleans up.
    std::atomic<bool> begun{false};
    auto early = [&]() -> coro<> {
      charkha::current_task().cancel("early");
      auto begin = [&]() -> coro<> {
        begun = true;
        co_await charkha::sleep(1h);
      };
      co_await wait_for(begin(), 1h);
    };
    std::string outcome = co_await outcome_of(create_task(early()));
    CHECK(outcome == "cancelled(early)");
    CHECK(begun);  // a coro is part of the task: delivered at its first suspension

    auto waiting = create_task(limited(charkha::sleep(1h), 1h));
    co_await until_waits(waiting);
    waiting.cancel("waiting");
    outcome = co_await outcome_of(waiting);
    CHECK(outcome == "cancelled(waiting)");

    gate cleaning;
    auto clean_up = [&]() -> coro<> {
      bool cancelled = false;
      try {
        co_await charkha::sleep(1h);
      } catch (const cancelled_error&) {
        cancelled = true;
      }
      while (cancelled) {
        try {
          co_await cleaning.wait();
          co_return;
        } catch (const cancelled_error&) {
        }
      }
    };
    auto t = create_task(clean_up());
    co_await until_waits(t);
    auto without_time = create_task(limited(t, 0s));
    co_await until_waits(without_time);
    without_time.cancel("while it cleans up");
    outcome = co_await outcome_of(without_time);
    CHECK(outcome == "cancelled(while it cleans up)");
    CHECK_FALSE(t.done());
    cleaning.open();
    co_await t;
  });
}

TEST_CASE(
    "a request and the deadline at once: one outcome, and cancelling() tells how many requests came from outside") {
  int cancelled = 0;
  int timed_out = 0;
  int done = 0;
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    for (const auto seed : seeds(250)) {
      CAPTURE(seed);
      simulation sim({.workers = workers, .seed = seed});
      auto program = [&]() -> coro<> {
        auto f = create_future<int>();
        std::uint32_t left = 99;
        auto body = [&]() -> coro<std::string> {
          std::string how = co_await outcome_of(limited(f, 10ms));
          left = requests_here();
          while (requests_here() > 0) charkha::current_task().uncancel();
          co_return how;
        };
        auto t = create_task(body());
        std::atomic<bool> asked{false};
        charkha::call_later(10ms, [&, t] { asked = t.cancel("outside"); });
        charkha::call_later(10ms, [f] {
          if (!f.done()) f.set_result(1);
        });
        co_await until_waits(t);
        const std::string how = co_await outcome_of(t);
        if (how != "done") {  // asked after body() had counted
          CHECK(how == "cancelled(outside)");
          co_return;
        }
        const std::string result = t.result();
        CHECK((result == "cancelled(outside)" || result == "timed out" || result == "done"));
        CHECK(left <= 1);
        if (result == "cancelled(outside)") CHECK(left == 1);
        if (result == "timed out") CHECK(f.cancelled());
        (result == "done" ? done : result == "timed out" ? timed_out : cancelled) += 1;
        co_await charkha::sleep(1s);
      };
      sim.run(program());
    }
  }
  CHECK(cancelled + timed_out + done > 500);
  CHECK(cancelled > 0);
}

TEST_CASE("what belongs to another runtime is refused, also without time") {
  charkha::runtime other{{.workers = 1}};
  const auto foreign = other.create_future<int>();
  on_every_runtime([&]() -> coro<> {
    for (const auto limit : {0ms, 1ms}) {
      const std::string outcome = co_await outcome_of(limited(foreign, limit));
      CHECK(outcome.find("another runtime") != std::string::npos);
    }
  });
  CHECK_FALSE(foreign.done());  // nor cancelled
}

TEST_CASE("a runtime that goes away while somebody waits takes it all with it, and reports the task") {
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    for (const auto limit : {1ns, 0ns}) {
      tracked::reset();
      report_log log;
      gate never;
      {
        simulation sim({.workers = workers, .reports = &log});
        auto stubborn = [&](tracked given) -> coro<> {
          CHECK(given.value == 1);
          for (;;) {
            try {
              co_await never.wait();
            } catch (const cancelled_error&) {
            }
          }
        };
        auto program = [&]() -> coro<> {
          auto t = create_task(stubborn(tracked(1)), {.name = "stubborn"});
          co_await until_waits(t);
          auto waiter = create_task(limited(t, limit), {.name = "waiter"});
          co_await until_waits(waiter);
        };
        sim.run(program());
      }
      CHECK(tracked::alive == 0);
      CHECK(std::ranges::count(log.names(report_kind::destroyed_while_pending), "stubborn") == 1);
    }
  }
}

TEST_CASE("many waits at once, half of them in time") {
  on_every_runtime(
      []() -> coro<> {
        std::atomic<int> in_time{0};
        std::atomic<int> late{0};
        auto one = [&](int i) -> coro<> {
          const std::string how =
              co_await outcome_of(limited(sleep_and_give(i % 2 == 0 ? 0ns : 1h, i), i % 2 == 0 ? 60s : 1ms));
          ++(how == "done" ? in_time : late);
          CHECK(requests_here() == 0);
        };
        std::vector<coro<>> all;
        for (int i = 0; i < 400; ++i) all.push_back(one(i));
        co_await charkha::gather(std::move(all));
        CHECK(in_time == 200);
        CHECK(late == 200);
      },
      2);
}
