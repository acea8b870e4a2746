// SPDX-License-Identifier: Apache-2.0
// A deadline as an object: asked, moved and taken away while its body runs (R44-R46).
#include "charkha/timeout_scope.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "charkha/charkha.hpp"
#include "support/countdown.hpp"
#include "support/gate.hpp"
#include "support/hand_runtime.hpp"
#include "support/outcome.hpp"
#include "support/report_log.hpp"
#include "support/seeds.hpp"
#include "support/tracked.hpp"

using charkha::clock;
using charkha::coro;
using charkha::simulation;
using charkha::task;
using charkha::timeout_scope;
using charkha::usage_error;
using charkha::test::gate;
using charkha::test::hand_runtime;
using charkha::test::outcome_of;
using charkha::test::requests_here;
using namespace std::chrono_literals;

namespace {

coro<> wait_at(gate& at) { co_await at.wait(); }

/// A scope with a waiting body on worker 0 of a runtime that is driven by hand.
struct waiting_scope {
  explicit waiting_scope(std::size_t workers, std::optional<std::chrono::seconds> time) : runtime(workers, &reports) {
    owner = runtime.create_on(0, own(time));
    runtime.settle();
    REQUIRE(scope);
  }
  coro<> own(std::optional<std::chrono::seconds> time) {
    const auto deadline = time ? std::optional(clock::now() + *time) : std::nullopt;
    scope = std::make_unique<timeout_scope>(deadline);
    outcome = co_await outcome_of(scope->run(wait_at(at)));
    requests = requests_here();
  }
  /// As that worker.
  void reschedule_on(std::size_t worker, std::optional<std::chrono::seconds> time) {
    charkha::detail::set_current_worker(&runtime.worker(worker));
    std::exception_ptr error;
    try {
      scope->reschedule(time ? std::optional(clock::now() + *time) : std::nullopt);
    } catch (...) {
      error = std::current_exception();
    }
    charkha::detail::set_current_worker(nullptr);
    if (error) std::rethrow_exception(error);
  }
  void pass(std::chrono::seconds time) {
    runtime.move_clock(time);
    runtime.settle();
  }

  gate at;
  std::unique_ptr<timeout_scope> scope;
  std::string outcome;
  std::uint32_t requests = 99;
  charkha::test::report_log reports;
  hand_runtime runtime;
  task<> owner;
};

}  // namespace

TEST_CASE("bodies of every kind: a coro, a callable with the scope or without; values of every kind") {
  simulation sim;
  auto program = []() -> coro<> {
    auto give = [](int value) -> coro<int> { co_return value; };
    timeout_scope a(1s);
    const int one = co_await a.run(give(1));
    CHECK(one == 1);
    timeout_scope b(1s);
    auto with_scope = [&](timeout_scope& scope) -> coro<bool> { co_return &scope == &b; };
    const bool same = co_await b.run(with_scope);
    CHECK(same);
    timeout_scope c(1s);
    auto without = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
    const auto three = co_await c.run(without);
    CHECK(*three == 3);
    int referred = 4;
    timeout_scope d(1s);
    auto reference = [&]() -> coro<int&> { co_return referred; };
    int& four = co_await d.run(reference);
    CHECK(&four == &referred);
  };
  CHECK_NOTHROW(sim.run(program()));
}

TEST_CASE("the time runs from when the scope is made") {
  simulation sim;
  auto program = []() -> coro<> {
    gate never;
    const auto start = clock::now();
    timeout_scope scope(3s);
    CHECK(scope.when() == start + 3s);
    co_await charkha::sleep(2s);
    const std::string outcome = co_await outcome_of(scope.run(wait_at(never)));
    CHECK(outcome == "timed out");
    CHECK(clock::now() - start == 3s);
    timeout_scope overdue(1s);
    co_await charkha::sleep(5s);
    const auto then = clock::now();
    const std::string at_once = co_await outcome_of(overdue.run(wait_at(never)));
    CHECK(at_once == "timed out");
    CHECK(clock::now() == then);
  };
  CHECK_NOTHROW(sim.run(program()));
}

TEST_CASE("the ends of the clock: the first point in time is past, the last one never comes") {
  simulation sim;
  auto program = []() -> coro<> {
    gate never;
    timeout_scope first(clock::time_point::min());
    CHECK(first.when().has_value());
    const std::string outcome = co_await outcome_of(first.run(wait_at(never)));
    CHECK(outcome == "timed out");
    timeout_scope last(clock::time_point::max());
    CHECK(last.when() == clock::time_point::max());
    auto year = []() -> coro<> { co_await charkha::sleep(std::chrono::hours(24 * 365)); };
    co_await last.run(year());
    CHECK_FALSE(last.expired());
    timeout_scope for_ever(std::chrono::nanoseconds::max());
    CHECK(for_ever.when() == clock::time_point::max());
  };
  CHECK_NOTHROW(sim.run(program()));
}

TEST_CASE("the deadline moves: later, earlier, away, and back; by the owner's worker or another") {
  for (const std::size_t by : {0U, 1U}) {
    CAPTURE(by);
    waiting_scope s(2, 10s);
    s.reschedule_on(by, 20s);
    s.pass(15s);
    CHECK_FALSE(s.scope->expired());
    s.reschedule_on(by, 1s);
    s.reschedule_on(by, std::nullopt);
    CHECK(s.runtime.state().timers().armed() == 0);
    CHECK_FALSE(s.scope->when().has_value());
    s.pass(100s);
    CHECK_FALSE(s.scope->expired());
    s.reschedule_on(by, 5s);
    CHECK(s.runtime.state().timers().armed() == 1);
    s.pass(4s);
    CHECK_FALSE(s.scope->expired());
    s.pass(1s);
    CHECK(s.scope->expired());
    CHECK(s.outcome == "timed out");
    CHECK(s.requests == 0);
    CHECK(s.runtime.state().timers().armed() == 0);
  }
}

TEST_CASE("a scope without a deadline is given one by another worker") {
  waiting_scope s(2, std::nullopt);
  CHECK(s.runtime.state().timers().armed() == 0);
  s.reschedule_on(1, 3s);
  s.pass(3s);
  CHECK(s.outcome == "timed out");
  CHECK(s.requests == 0);
}

TEST_CASE("a deadline that is moved into the past ends the body's wait") {
  for (const std::size_t workers : {1U, 2U}) {
    CAPTURE(workers);
    waiting_scope s(workers, 10s);
    auto moves = [&]() -> coro<> {
      s.scope->reschedule(clock::now() - 1s);
      co_return;
    };
    auto t = s.runtime.spawn(moves());
    s.runtime.settle();
    CHECK_NOTHROW(t.result());
    CHECK(s.scope->expired());
    CHECK(s.outcome == "timed out");
    CHECK(s.requests == 0);
  }
}

TEST_CASE("an earlier deadline wakes the keeper, who would sleep past it") {
  waiting_scope s(3, 100s);
  REQUIRE(s.runtime.is_parked(0));
  REQUIRE(s.runtime.is_parked(2));
  s.runtime.woken.clear();
  s.reschedule_on(1, 1s);
  CHECK(s.runtime.woken.size() == 1);
  s.reschedule_on(1, 50s);
  CHECK(s.runtime.woken.size() == 1);
  s.runtime.settle();
  s.pass(50s);
  CHECK(s.outcome == "timed out");
}

TEST_CASE("a deadline that is due, but has not had its turn, can still be moved") {
  hand_runtime runtime(1);
  gate at;
  std::string outcome;
  timeout_scope scope(std::nullopt);
  bool moved = false;
  auto owner = [&]() -> coro<> { outcome = co_await outcome_of(scope.run(wait_at(at))); };
  auto other = [&]() -> coro<> {
    const auto deadline = clock::now() + 1s;
    scope.reschedule(deadline);
    while (clock::now() < deadline) co_await charkha::yield();
    // The entry is due since the beginning of this turn and stands behind this task in the queue.
    CHECK_FALSE(scope.expired());
    scope.reschedule(clock::now() + 1s);
    moved = true;
  };
  auto a = runtime.create_on(0, owner());
  auto b = runtime.create_on(0, other());
  for (int i = 0; i < 5; ++i) static_cast<void>(runtime.step());
  runtime.move_clock(1s);
  runtime.settle();
  CHECK(moved);
  CHECK_FALSE(scope.expired());
  at.open();
  runtime.settle();
  CHECK(outcome == "done");
  CHECK(runtime.state().timers().armed() == 0);
}

TEST_CASE("misuse: no worker, another runtime, no number") {
  waiting_scope s(1, 10s);
  CHECK_THROWS_AS(s.scope->reschedule(std::nullopt), usage_error);
  hand_runtime other(1);
  std::string refused;
  auto moves = [&]() -> coro<> {
    try {
      s.scope->reschedule(std::nullopt);
    } catch (const usage_error& error) {
      refused = error.what();
    }
    CHECK_THROWS_AS(timeout_scope(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())),
                    std::invalid_argument);
    co_return;
  };
  auto t = other.create_on(0, moves());
  other.settle();
  CHECK(t.done());
  CHECK(refused == "this timeout_scope was entered in another runtime: reschedule it there");
  CHECK(s.runtime.state().timers().armed() == 1);
}

TEST_CASE("a scope that outlives its task says that it has ended") {
  waiting_scope s(1, 10s);
  s.at.open();
  s.runtime.settle();
  s.owner = task<>();
  CHECK(s.outcome == "done");
  CHECK_THROWS_WITH_AS(s.reschedule_on(0, 1s), "this timeout_scope has ended: it cannot be rescheduled any more",
                       usage_error);
}

TEST_CASE("a runtime that is torn down while a scope waits leaves no timer and no value") {
  charkha::test::tracked::reset();
  for (const std::size_t workers : {1U, 2U}) {
    charkha::test::report_log reports;
    gate at;
    timeout_scope outlives(clock::time_point(1h));
    {
      hand_runtime runtime(workers, &reports);
      auto owner = [&]() -> coro<> {
        const charkha::test::tracked held;
        auto body = [held, &at]() -> coro<> { co_await at.wait(); };
        auto nested = [&]() -> coro<> { co_await charkha::timeout(1h, body); };
        co_await outlives.run(nested);
      };
      static_cast<void>(runtime.create_on(0, owner()));
      runtime.settle();
      CHECK(charkha::test::tracked::alive > 0);
      CHECK(runtime.state().timers().armed() == 2);
    }
    CHECK(reports.count(charkha::report_kind::destroyed_while_pending) == 1);
    CHECK(charkha::test::tracked::alive == 0);
    CHECK_FALSE(outlives.expired());
  }
}

TEST_CASE("expiry and reschedule at the same instant: either the deadline moved, or it passed and the mover is told") {
  int moved = 0;
  int passed = 0;
  for (const int workers : {1, 2, 4}) {
    for (const auto seed : charkha::test::seeds(1000)) {
      CAPTURE(workers);
      CAPTURE(seed);
      auto program = [&]() -> coro<> {
        charkha::test::countdown entered(1);
        timeout_scope scope(clock::now() + 1s);
        std::string outcome;
        auto body = [&]() -> coro<> {
          entered.arrive();
          co_await charkha::sleep(2s);
        };
        auto owner = [&]() -> coro<> {
          outcome = co_await outcome_of(scope.run(body));
          CHECK(requests_here() == 0);
          co_await charkha::yield();
        };
        bool refused = false;
        auto mover = [&]() -> coro<> {
          co_await entered.wait();
          co_await charkha::sleep_until(clock::time_point(1s));
          try {
            scope.reschedule(clock::now() + 10s);
          } catch (const usage_error&) {
            refused = true;
          }
        };
        co_await charkha::gather(owner(), mover());
        CHECK(outcome == (refused ? "timed out" : "done"));
        CHECK(scope.expired() == refused);
        ++(refused ? passed : moved);
      };
      simulation sim{{.workers = workers, .seed = seed}};
      CHECK_NOTHROW(sim.run(program()));
    }
  }
  CHECK(moved + passed > 0);
}

TEST_CASE("with threads: many move one deadline while it passes and its task is cancelled") {
  std::atomic<int> timed_out = 0;
  std::atomic<int> cancelled = 0;
  auto round = [&](int number) -> coro<> {
    const bool is_cancelled = number % 4 == 0;
    timeout_scope scope(std::nullopt);
    charkha::test::countdown entered(1);
    gate never;
    auto body = [&]() -> coro<> {
      entered.arrive();
      co_await never.wait();
    };
    auto own = [&]() -> coro<> {
      const std::string outcome = co_await outcome_of(scope.run(body));
      if (outcome == "timed out") {
        CHECK(requests_here() <= (is_cancelled ? 1 : 0));  // that may come later
        ++timed_out;
      } else {
        CHECK(outcome == "cancelled()");
        CHECK(requests_here() == 1);
        ++cancelled;
      }
    };
    auto move = [&](int by) -> coro<> {
      co_await entered.wait();
      try {
        for (int i = 0; i < 50; ++i) {
          scope.reschedule(i % 7 == by ? std::nullopt : std::optional(clock::now() + std::chrono::microseconds(i % 5)));
          co_await charkha::yield();
        }
        scope.reschedule(clock::now());
      } catch (const usage_error&) {  // it has expired, or was cancelled
      }
    };
    auto owner = charkha::create_task(own());
    auto movers = charkha::gather(move(0), move(1), move(2));
    if (is_cancelled) {
      co_await entered.wait();
      owner.cancel();
    }
    co_await movers;
    try {
      co_await owner;
    } catch (const charkha::cancelled_error&) {
      CHECK(is_cancelled);  // asked to stop after it had left the scope
    }
  };
  auto program = [&]() -> coro<> {
    for (int i = 0; i < 100; ++i) co_await round(i);
  };
  for (const int workers : {2, 4}) charkha::run(program(), {.workers = workers});
  CHECK(timed_out + cancelled == 200);
  CHECK(timed_out >= 150);
}
