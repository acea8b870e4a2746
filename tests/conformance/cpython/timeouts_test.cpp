// SPDX-License-Identifier: Apache-2.0
// CPython's cases for time-outs (test_timeouts.py), written anew from what each one is about, for one worker and for
// several. Deadlines that pass are short, so that threads can play them, too; what must not pass is far away.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "charkha/charkha.hpp"
#include "support/countdown.hpp"
#include "support/every_runtime.hpp"
#include "support/hand_runtime.hpp"
#include "support/outcome.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::coro;
using charkha::create_task;
using charkha::timeout_scope;
using charkha::usage_error;
using charkha::test::countdown;
using charkha::test::on_every_runtime;
using charkha::test::outcome_of;
using charkha::test::requests_here;

/// Until it is cancelled.
coro<> wait_for_ever() { co_await charkha::sleep(1h); }
coro<> nap() { co_await charkha::sleep(1ms); }
coro<> nothing() { co_return; }

}  // namespace

TEST_CASE("test_timeouts.TimeoutTests.timeout_basic: a deadline that passes") {
  on_every_runtime([]() -> coro<> {
    timeout_scope scope(1ms);
    const std::string outcome = co_await outcome_of(scope.run(wait_for_ever()));
    CHECK(outcome == "timed out");
    CHECK(scope.expired());
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_at_basic: a deadline on the clock, when() gives it back") {
  on_every_runtime([]() -> coro<> {
    const auto deadline = charkha::clock::now() + 1ms;
    timeout_scope scope(deadline);
    const std::string outcome = co_await outcome_of(scope.run(wait_for_ever()));
    CHECK(outcome == "timed out");
    CHECK(scope.expired());
    CHECK(scope.when() == deadline);
    CHECK(charkha::clock::now() >= deadline);
  });
}

TEST_CASE("test_timeouts.TimeoutTests.nested_timeouts: two scopes with one deadline: the outer one converts") {
  on_every_runtime([]() -> coro<> {
    const auto deadline = charkha::clock::now() + 1ms;
    timeout_scope outer(deadline);
    timeout_scope inner(deadline);
    std::string in_between;
    auto body = [&]() -> coro<> {
      try {
        co_await inner.run(wait_for_ever());
      } catch (...) {
        in_between = charkha::test::describe(std::current_exception());
        throw;
      }
    };
    const std::string outcome = co_await outcome_of(outer.run(body));
    CHECK(inner.expired());
    CHECK(outcome == "timed out");
    // On several workers, or with a step between the two, the inner one may have been alone when it expired, and its
    // error may have left the outer one before that had its turn.
    if (in_between != "timed out") {
      CHECK(in_between == "cancelled()");
      CHECK(outer.expired());
    }
    CHECK(requests_here() == 0);
  });
  // On one worker both expire before the task runs: it sees a cancellation.
  auto program = []() -> coro<> {
    const auto deadline = charkha::clock::now() + 1ms;
    std::string in_between;
    auto body = [&]() -> coro<> { in_between = co_await outcome_of(charkha::timeout_at(deadline, wait_for_ever())); };
    const std::string outcome = co_await outcome_of(charkha::timeout_at(deadline, body));
    CHECK(in_between == "cancelled()");
    CHECK(outcome == "done");
    CHECK(requests_here() == 0);
  };
  charkha::simulation({.workers = 1}).run(program());
}

TEST_CASE("test_timeouts.TimeoutTests.waiter_cancelled: inside, the deadline is a cancellation") {
  on_every_runtime([]() -> coro<> {
    bool cancelled = false;
    auto body = [&]() -> coro<> {
      try {
        co_await wait_for_ever();
      } catch (const charkha::cancelled_error&) {
        cancelled = true;
        throw;
      }
    };
    const std::string outcome = co_await outcome_of(charkha::timeout(1ms, body));
    CHECK(outcome == "timed out");
    CHECK(cancelled);
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_not_called: in time, nothing happens") {
  on_every_runtime([]() -> coro<> {
    timeout_scope scope(1h);
    co_await scope.run(nap());
    CHECK_FALSE(scope.expired());
    CHECK(scope.when() > charkha::clock::now());
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_disabled: no deadline") {
  on_every_runtime([]() -> coro<> {
    std::optional<charkha::clock::time_point> when = charkha::clock::now();
    bool expired = true;
    auto body = [&](timeout_scope& scope) -> coro<> {
      co_await nap();
      when = scope.when();
      expired = scope.expired();
    };
    co_await charkha::timeout(std::nullopt, body);
    CHECK_FALSE(when.has_value());
    CHECK_FALSE(expired);
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_at_disabled: no deadline on the clock") {
  on_every_runtime([]() -> coro<> {
    timeout_scope scope(std::nullopt);
    co_await scope.run(nap());
    CHECK_FALSE(scope.expired());
    CHECK_FALSE(scope.when().has_value());
    co_await charkha::timeout_at(std::nullopt, nap());
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_zero: no time at all expires at the first wait") {
  on_every_runtime([]() -> coro<> {
    const auto before = charkha::clock::now();
    timeout_scope scope(0s);
    const std::string outcome = co_await outcome_of(scope.run(wait_for_ever()));
    CHECK(outcome == "timed out");
    CHECK(scope.expired());
    CHECK(scope.when() >= before);
    CHECK(scope.when() <= charkha::clock::now());
  });
}

namespace {

/// One worker, so that a turn is one turn.
void expires_within_one_turn(std::chrono::seconds time) {
  auto program = [time]() -> coro<> {
    const auto before = charkha::clock::now();
    timeout_scope scope(time);
    auto one_turn = []() -> coro<> { co_await charkha::sleep(0s); };
    const std::string outcome = co_await outcome_of(scope.run(one_turn));
    CHECK(outcome == "timed out");
    CHECK(scope.expired());
    CHECK(*scope.when() - before <= time + 1s);
    CHECK(requests_here() == 0);
  };
  charkha::simulation({.workers = 1}).run(program());
  charkha::run(program(), {.workers = 1});
}

}  // namespace

TEST_CASE("test_timeouts.TimeoutTests.timeout_zero_sleep_zero: no time at all expires even when a turn is given up") {
  expires_within_one_turn(0s);
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_in_the_past_sleep_zero: so does a time that is past") {
  expires_within_one_turn(-11s);
}

TEST_CASE("test_timeouts.TimeoutTests.foreign_exception_passed: another error passes through") {
  on_every_runtime([]() -> coro<> {
    timeout_scope scope(1h);
    auto body = []() -> coro<> {
      throw std::runtime_error("key");
      co_return;
    };
    const std::string outcome = co_await outcome_of(scope.run(body));
    CHECK(outcome == "key");
    CHECK_FALSE(scope.expired());
  });
}

TEST_CASE("test_timeouts.TimeoutTests.foreign_exception_on_timeout: an error of the clean-up wins") {
  on_every_runtime([]() -> coro<> {
    auto body = []() -> coro<> {
      bool cancelled = false;
      try {
        co_await wait_for_ever();
      } catch (const charkha::cancelled_error&) {
        cancelled = true;
      }
      if (cancelled) throw std::runtime_error("zero");
    };
    const std::string outcome = co_await outcome_of(charkha::timeout(1ms, body));
    CHECK(outcome == "zero");
    CHECK(requests_here() == 0);
  });
}

TEST_CASE("test_timeouts.TimeoutTests.foreign_cancel_doesnt_timeout_if_not_expired: a cancel from outside stays one") {
  on_every_runtime([]() -> coro<> {
    std::atomic<bool> expired = true;
    auto victim = [&]() -> coro<> {
      timeout_scope scope(1h);
      auto body = []() -> coro<> {
        charkha::test::cancel_oneself("outside");
        co_await wait_for_ever();
      };
      const std::string outcome = co_await outcome_of(scope.run(body));
      CHECK(outcome == "cancelled(outside)");
      expired = scope.expired();
    };
    co_await create_task(victim());
    CHECK_FALSE(expired);
  });
}

TEST_CASE("test_timeouts.TimeoutTests.outer_task_is_not_cancelled: a task that handled its deadline is not cancelled") {
  on_every_runtime([]() -> coro<> {
    auto outer = []() -> coro<> {
      const std::string outcome = co_await outcome_of(charkha::timeout(1ms, wait_for_ever()));
      CHECK(outcome == "timed out");
    };
    auto t = create_task(outer());
    co_await t;
    CHECK_FALSE(t.cancelled());
    CHECK(t.done());
    CHECK(t.cancelling() == 0);
  });
}

namespace {

/// Two scopes, and a step in between that takes longer than both: time is moved by hand.
template <class Body>
void with_a_busy_step(Body body) {
  for (const std::size_t workers : {1U, 2U, 4U}) {
    CAPTURE(workers);
    charkha::test::hand_runtime runtime(workers);
    auto t = runtime.create_on(0, body(runtime));
    runtime.settle();
    for (int i = 0; i < 20 && !t.done(); ++i) {
      runtime.move_clock(1s);
      runtime.settle();
    }
    REQUIRE(t.done());
    CHECK_NOTHROW(t.result());
  }
}

}  // namespace

TEST_CASE(
    "test_timeouts.TimeoutTests.nested_timeouts_concurrent: both overdue after a busy step: the outer one converts") {
  for (const auto& [outer_time, inner_time] : {std::pair(2s, 5s), std::pair(5s, 2s)}) {
    with_a_busy_step([&](charkha::test::hand_runtime& runtime) -> coro<> {
      auto busy = [&]() -> coro<> {
        runtime.move_clock(10s);
        co_await wait_for_ever();
      };
      std::string in_between;
      auto inner = [&]() -> coro<> {
        try {
          co_await charkha::timeout(inner_time, busy);
        } catch (...) {
          in_between = charkha::test::describe(std::current_exception());
          throw;
        }
      };
      const std::string outcome = co_await outcome_of(charkha::timeout(outer_time, inner));
      CHECK(in_between == "cancelled()");
      CHECK(outcome == "timed out");
      CHECK(requests_here() == 0);
    });
  }
}

TEST_CASE(
    "test_timeouts.TimeoutTests.nested_timeouts_loop_busy: the outer deadline still counts after the inner one's") {
  with_a_busy_step([](charkha::test::hand_runtime& runtime) -> coro<> {
    const auto start = charkha::clock::now();
    auto busy = [&]() -> coro<> {
      runtime.move_clock(2s);  // past the inner deadline, not the outer one
      co_await wait_for_ever();
    };
    std::string inner_outcome;
    auto inner = [&]() -> coro<> {
      inner_outcome = co_await outcome_of(charkha::timeout(1s, busy));
      co_await wait_for_ever();
    };
    const std::string outcome = co_await outcome_of(charkha::timeout(5s, inner));
    CHECK(inner_outcome == "timed out");
    CHECK(outcome == "timed out");
    CHECK(charkha::clock::now() - start >= 5s);
    CHECK(charkha::clock::now() - start <= 6s);
  });
}

TEST_CASE("test_timeouts.TimeoutTests.reschedule: a deadline is moved and taken away while the body runs") {
  on_every_runtime([]() -> coro<> {
    const auto first = charkha::clock::now() + 10min;
    const auto second = first + 20min;
    countdown entered(1);
    timeout_scope scope(first);
    auto body = [&]() -> coro<> {
      auto inside = [&]() -> coro<> {
        entered.arrive();
        co_await wait_for_ever();
      };
      co_await scope.run(inside);
    };
    auto t = create_task(body());
    co_await entered.wait();
    CHECK(scope.when() == first);
    scope.reschedule(second);
    CHECK(scope.when() == second);
    scope.reschedule(std::nullopt);
    CHECK_FALSE(scope.when().has_value());
    t.cancel();
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled()");
    CHECK_FALSE(scope.expired());
  });
}

TEST_CASE("test_timeouts.TimeoutTests.nested_timeout_in_finally: a deadline for the clean-up after a deadline") {
  on_every_runtime([]() -> coro<> {
    std::string clean_up;
    auto body = [&]() -> coro<> {
      std::exception_ptr request;
      try {
        co_await wait_for_ever();
      } catch (...) {
        request = std::current_exception();
      }
      clean_up = co_await outcome_of(charkha::timeout(1ms, wait_for_ever()));
      std::rethrow_exception(request);
    };
    const std::string outcome = co_await outcome_of(charkha::timeout(1ms, body));
    CHECK(clean_up == "timed out");
    CHECK(outcome == "timed out");
    CHECK(requests_here() == 0);
  });
}

namespace {

/// In a task that was cancelled and went on.
template <class After>
coro<> after_a_handled_cancel(After after) {
  charkha::test::cancel_oneself();
  const std::string outcome = co_await outcome_of(wait_for_ever());
  CHECK(outcome == "cancelled()");
  co_await after();
}

}  // namespace

TEST_CASE("test_timeouts.TimeoutTests.timeout_after_cancellation: a deadline works after a cancel that was handled") {
  on_every_runtime([]() -> coro<> {
    auto after = []() -> coro<> {
      const std::string outcome = co_await outcome_of(charkha::timeout(0s, wait_for_ever()));
      CHECK(outcome == "timed out");
      CHECK(requests_here() == 1);  // the one that was there before
    };
    co_await create_task(after_a_handled_cancel(after));
  });
}

TEST_CASE("test_timeouts.TimeoutTests.cancel_in_timeout_after_cancellation: a new cancel inside it is a cancel") {
  on_every_runtime([]() -> coro<> {
    auto after = []() -> coro<> {
      auto body = []() -> coro<> {
        charkha::test::cancel_oneself("again");
        co_await wait_for_ever();
      };
      const std::string outcome = co_await outcome_of(charkha::timeout(1h, body));
      CHECK(outcome == "cancelled(again)");
      CHECK(requests_here() == 2);
    };
    co_await create_task(after_a_handled_cancel(after));
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_already_entered: entering a scope inside itself is an error") {
  on_every_runtime([]() -> coro<> {
    timeout_scope scope(1h);
    std::string refused;
    auto body = [&]() -> coro<> { refused = co_await outcome_of(scope.run(nothing())); };
    co_await scope.run(body);
    CHECK(refused.find("has been entered before") != std::string::npos);
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_double_enter: entering a scope again after its end is an error") {
  on_every_runtime([]() -> coro<> {
    timeout_scope scope(1h);
    co_await scope.run(nothing());
    const std::string refused = co_await outcome_of(scope.run(nothing()));
    CHECK(refused.find("has been entered before") != std::string::npos);
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_finished: moving the deadline after the end is an error") {
  on_every_runtime([]() -> coro<> {
    timeout_scope scope(1h);
    co_await scope.run(nothing());
    const auto when = scope.when();
    CHECK_THROWS_WITH_AS(scope.reschedule(charkha::clock::now()),
                         "this timeout_scope has ended: it cannot be rescheduled any more", usage_error);
    CHECK(scope.when() == when);
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_expired: moving the deadline after it passed and the body ended") {
  on_every_runtime([]() -> coro<> {
    timeout_scope scope(1ms);
    const std::string outcome = co_await outcome_of(scope.run(wait_for_ever()));
    CHECK(outcome == "timed out");
    CHECK_THROWS_WITH_AS(scope.reschedule(std::nullopt),
                         "this timeout_scope has expired: it cannot be rescheduled any more", usage_error);
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_expiring: moving the deadline while the body unwinds from it") {
  on_every_runtime([]() -> coro<> {
    std::string refused;
    auto body = [&](timeout_scope& scope) -> coro<> {
      try {
        co_await wait_for_ever();
      } catch (const charkha::cancelled_error&) {
        try {
          scope.reschedule(charkha::clock::now() + 1h);
        } catch (const usage_error& error) {
          refused = error.what();
        }
        throw;
      }
    };
    const std::string outcome = co_await outcome_of(charkha::timeout(1ms, body));
    CHECK(outcome == "timed out");
    CHECK(refused == "this timeout_scope has expired: it cannot be rescheduled any more");
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_not_entered: moving the deadline of a scope that was not entered") {
  on_every_runtime([]() -> coro<> {
    timeout_scope scope(1h);
    CHECK_THROWS_WITH_AS(scope.reschedule(charkha::clock::now()),
                         "this timeout_scope has not been entered: there is nothing to reschedule yet", usage_error);
    co_return;
  });
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_without_task: a deadline outside a task is an error") {
  timeout_scope scope(std::nullopt);
  CHECK(charkha::test::outcome_without_a_task(scope.run(nothing())).find("in a task") != std::string::npos);
  CHECK_THROWS_AS(timeout_scope(1s), usage_error);
  charkha::test::hand_runtime runtime(1);
  charkha::detail::set_current_worker(&runtime.worker(0));
  CHECK(charkha::test::outcome_without_a_task(scope.run(nothing())).find("entered by a task") != std::string::npos);
  CHECK_THROWS_WITH_AS(scope.reschedule(charkha::clock::now()),
                       "this timeout_scope has not been entered: there is nothing to reschedule yet", usage_error);
  charkha::detail::set_current_worker(nullptr);
}

TEST_CASE("test_timeouts.TimeoutTests.timeout_taskgroup: a child that fails in clean-up: the group's error wins") {
  on_every_runtime([]() -> coro<> {
    countdown begun(1);
    auto child = [&]() -> coro<> {
      begun.arrive();
      bool cancelled = false;
      try {
        co_await wait_for_ever();
      } catch (const charkha::cancelled_error&) {
        cancelled = true;
      }
      if (cancelled) throw std::runtime_error("value");
    };
    timeout_scope scope(std::nullopt);
    auto in_group = [&](charkha::task_group& group) -> coro<> {
      group.create_task(child());
      co_await begun.wait();  // a child that is cancelled before never fails
      scope.reschedule(charkha::clock::now() + 1ms);
    };
    const std::string outcome = co_await outcome_of(scope.run(charkha::with_task_group(in_group)));
    CHECK(outcome == "{value}");
    CHECK(scope.expired());
    CHECK(requests_here() == 0);
    co_await charkha::yield();
  });
}
