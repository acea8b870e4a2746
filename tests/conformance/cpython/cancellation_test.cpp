// SPDX-License-Identifier: Apache-2.0
// CPython's cases for cancellation (test_tasks.py), written anew from what each one is about. Who waits for
// what is said by gates, since turns cannot be counted on several workers; a case of exact turns also runs as CPython has
// it, on one worker.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/gate.hpp"
#include "support/outcome.hpp"
#include "support/report_log.hpp"
#include "support/until.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::cancelled_error;
using charkha::coro;
using charkha::create_future;
using charkha::create_task;
using charkha::current_task;
using charkha::future;
using charkha::simulation;
using charkha::task;
using charkha::test::gate;
using charkha::test::in_every_simulation;
using charkha::test::on_every_runtime;
using charkha::test::outcome_of;
using charkha::test::report_log;
using charkha::test::seeds;
using charkha::test::until;
using charkha::test::until_waits;
using charkha::test::without_reports_on_every_runtime;

/// On one worker, where turns can be counted: simulated, and on a thread.
template <class Program>
void on_one_worker(Program&& program) {
  for (const auto seed : seeds(20)) {
    CAPTURE(seed);
    simulation({.workers = 1, .seed = seed}).run(program());
  }
  charkha::run(program(), {.workers = 1});
}

coro<> rest_long() { co_await charkha::sleep(1h); }

/// Swallows what is asked of it until the gate is open.
coro<> stay(gate& closed) {
  bool open = false;
  while (!open) {
    try {
      co_await closed.wait();
      open = true;
    } catch (const cancelled_error&) {
    }
  }
}

template <class T>
coro<T> await_it(future<T> what) {
  co_return co_await what;
}
}  // namespace

TEST_CASE("test_tasks.BaseTaskTests.cancelling: counts the cancel requests") {
  on_every_runtime([]() -> coro<> {
    gate closed;
    std::atomic<bool> began{false};
    auto stay_and_tell = [](gate& at, std::atomic<bool>& flag) -> coro<> {
      flag = true;
      co_await stay(at);
    };
    auto t = create_task(stay_and_tell(closed, began));
    co_await until([&] { return began.load(); });  // cancelled before that, it would be over (R25)
    CHECK(t.cancelling() == 0);
    CHECK(t.cancel());
    CHECK(t.cancelling() == 1);
    CHECK(t.cancel());
    CHECK(t.cancelling() == 2);
    CHECK_FALSE(t.done());
    closed.open();
    co_await until([&] { return t.done(); });
    CHECK_FALSE(t.cancel());
    CHECK(t.cancelling() == 2);
  });
  on_one_worker([]() -> coro<> {
    auto t = create_task(rest_long());
    co_await charkha::yield();
    CHECK(t.cancel());
    CHECK(t.cancel());
    CHECK(t.cancelling() == 2);
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled()");
  });
}

TEST_CASE("test_tasks.BaseTaskTests.uncancel_basic: takes a request back and says how many are left") {
  auto ask_and_take_back = [](task<>& t) {
    CHECK(t.uncancel() == 0);
    t.cancel();
    t.cancel();
    CHECK(t.uncancel() == 1);
    CHECK(t.cancelling() == 1);
    CHECK(t.uncancel() == 0);
    CHECK(t.cancelling() == 0);
    CHECK(t.uncancel() == 0);
    CHECK(t.cancelling() == 0);
  };
  on_every_runtime([&]() -> coro<> {
    gate closed;
    auto t = create_task(stay(closed));
    co_await until_waits(t);  // asked before it begins, it might begin before that is taken back (R25)
    ask_and_take_back(t);
    closed.open();
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "done");
  });
  on_one_worker([&]() -> coro<> {
    gate opened;
    opened.open();
    auto t = create_task(stay(opened));
    ask_and_take_back(t);
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "done");
  });
}

TEST_CASE(
    "test_tasks.BaseTaskTests.uncancel_structured_blocks: a block with a deadline of its own absorbs its own request, "
    "and lets those from outside pass") {
  struct block {
    explicit block(std::chrono::milliseconds works, std::chrono::milliseconds allowed, bool cancelled_too = false)
        : work(works), limit(allowed), also_from_outside(cancelled_too) {}
    coro<> run() {
      auto self = current_task();
      const auto timer = charkha::call_later(limit, [this, self] {
        timed_out = true;
        self.cancel();
        if (also_from_outside) self.cancel("outside");
      });
      try {
        co_await charkha::sleep(work);
        finished = true;
        timer.cancel();
      } catch (const cancelled_error&) {
        timer.cancel();
        if (!timed_out || self.uncancel() > 0) throw;
      }
      co_await charkha::sleep(20ms);
      reached_the_rest = true;
    }
    std::chrono::milliseconds work;
    std::chrono::milliseconds limit;
    bool also_from_outside;
    std::atomic<bool> timed_out{false};
    bool finished = false;
    bool reached_the_rest = false;
  };
  in_every_simulation([]() -> coro<> {
    block in_time(10ms, 100ms);
    auto t = create_task(in_time.run());
    co_await t;
    CHECK(in_time.finished);
    CHECK(in_time.reached_the_rest);
    CHECK_FALSE(in_time.timed_out);
    CHECK(t.cancelling() == 0);

    block late(100ms, 10ms);
    t = create_task(late.run());
    co_await t;
    CHECK_FALSE(late.finished);
    CHECK(late.reached_the_rest);
    CHECK(late.timed_out);
    CHECK(t.cancelling() == 0);

    block interrupted(100ms, 50ms);
    t = create_task(interrupted.run());
    co_await charkha::sleep(10ms);
    t.cancel("outside");
    std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled(outside)");
    CHECK_FALSE(interrupted.timed_out);
    CHECK_FALSE(interrupted.reached_the_rest);
    CHECK(t.cancelling() == 1);

    block both(100ms, 10ms, true);
    t = create_task(both.run());
    outcome = co_await outcome_of(t);
    CHECK(outcome.starts_with("cancelled("));
    CHECK(both.timed_out);
    CHECK_FALSE(both.reached_the_rest);
    CHECK(t.cancelling() == 1);
  });
}

TEST_CASE(
    "test_tasks.BaseTaskTests.uncancel_resets_must_cancel: down to none, what is not delivered yet is withdrawn") {
  on_every_runtime([]() -> coro<> {
    auto ask_oneself = []() -> coro<int> {
      auto self = current_task();
      self.cancel();
      self.cancel();
      CHECK(self.uncancel() == 1);
      CHECK(self.uncancel() == 0);
      co_await charkha::yield();
      co_return 42;
    };
    const int value = co_await create_task(ask_oneself());
    CHECK(value == 42);
  });
  on_one_worker([]() -> coro<> {
    auto f = create_future<int>();
    auto t = create_task(await_it(f));
    co_await until_waits(t);
    f.set_result(42);
    t.cancel();  // it is ready to go on, and has not
    CHECK(t.cancelling() == 1);
    CHECK(t.uncancel() == 0);
    const int value = co_await t;
    CHECK(value == 42);
    // Without that the request wins.
    f = create_future<int>();
    t = create_task(await_it(f));
    co_await until_waits(t);
    f.set_result(42);
    t.cancel();
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled()");
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel: a task that sleeps ends cancelled") {
  on_every_runtime([]() -> coro<> {
    auto t = create_task(rest_long());
    co_await until_waits(t);
    CHECK(t.cancel());
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled()");
    CHECK(t.done());
    CHECK(t.cancelled());
    CHECK_FALSE(t.cancel());
  });
}

TEST_CASE(
    "test_tasks.BaseTaskTests.cancel_with_message_then_future_result: the message reaches those who want the value") {
  on_every_runtime([]() -> coro<> {
    for (const std::string message : {"", "my message"}) {
      auto t = create_task(rest_long());
      co_await until_waits(t);
      CHECK(t.cancel(message));
      auto await_task = [&]() -> coro<> { co_await t; };
      auto awaiter = create_task(await_task());
      const std::string seen_by_awaiter = co_await outcome_of(awaiter);
      CHECK(seen_by_awaiter == "cancelled(" + message + ")");
      try {
        t.result();
        FAIL_CHECK("it has a result");
      } catch (const cancelled_error& error) {
        CHECK(error.message() == message);
      }
    }
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_with_message_then_future_exception: and those who want the error") {
  on_every_runtime([]() -> coro<> {
    auto t = create_task(rest_long());
    co_await until_waits(t);
    t.cancel("my message");
    co_await until([&] { return t.done(); });
    try {
      static_cast<void>(t.exception());
      FAIL_CHECK("it has an error that is no cancellation");
    } catch (const cancelled_error& error) {
      CHECK(error.message() == "my message");
    }
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_with_message_before_starting_task: the message is kept") {
  on_every_runtime([]() -> coro<> {
    auto t = create_task(rest_long());
    t.cancel("my message");
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled(my message)");
  });
  on_one_worker([]() -> coro<> {
    bool begun = false;
    auto begin = [&]() -> coro<> {
      begun = true;
      co_await charkha::yield();
    };
    auto t = create_task(begin());
    t.cancel("my message");
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled(my message)");
    CHECK_FALSE(begun);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_yield: is delivered where a turn is given up") {
  on_every_runtime([]() -> coro<> {
    std::atomic<int> turns{0};
    auto spin = [&]() -> coro<> {
      for (;;) {
        ++turns;
        co_await charkha::yield();
      }
    };
    auto t = create_task(spin());
    co_await until([&] { return turns > 3; });
    t.cancel();
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled()");
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_inner_future: cancelling what a task awaits cancels the task") {
  on_every_runtime([]() -> coro<> {
    auto f = create_future<int>();
    auto t = create_task(await_it(f));
    co_await until_waits(t);
    CHECK(f.cancel("the future"));
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled(the future)");
    CHECK(t.cancelled());
    CHECK(t.cancelling() == 0);  // nobody asked the task
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_both_task_and_inner_future: the task is cancelled once") {
  on_every_runtime([]() -> coro<> {
    std::atomic<int> delivered{0};
    auto f = create_future<>();
    auto wait = [&]() -> coro<> {
      try {
        co_await f;
      } catch (const cancelled_error&) {
        ++delivered;
        throw;
      }
    };
    auto t = create_task(wait());
    co_await until_waits(t);
    f.cancel();
    t.cancel();
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled()");
    CHECK(delivered == 1);
    CHECK(f.cancelled());
    CHECK(t.cancelled());
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_task_catching: a task may catch the request and give a value") {
  on_every_runtime([]() -> coro<> {
    auto f1 = create_future<>();
    auto f2 = create_future<>();
    std::atomic<bool> between{false};
    auto body = [&]() -> coro<int> {
      co_await f1;
      between = true;
      try {
        co_await f2;
      } catch (const cancelled_error&) {
        co_return 42;
      }
      co_return 0;
    };
    auto t = create_task(body());
    co_await until_waits(t);
    f1.set_result();
    co_await until([&] { return between && charkha::test::waits(t); });
    t.cancel();
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "done");
    CHECK(t.result() == 42);
    CHECK(f2.cancelled());
    CHECK_FALSE(t.cancelled());
    CHECK(t.cancelling() == 1);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_task_ignoring: or wait for something else") {
  on_every_runtime([]() -> coro<> {
    auto f1 = create_future<>();
    auto f2 = create_future<int>();
    std::atomic<bool> ignored{false};
    auto body = [&]() -> coro<int> {
      try {
        co_await f1;
      } catch (const cancelled_error&) {
        ignored = true;
      }
      co_return co_await f2;
    };
    auto t = create_task(body());
    co_await until_waits(t);
    t.cancel();
    co_await until([&] { return ignored && charkha::test::waits(t); });
    CHECK(f1.cancelled());
    CHECK_FALSE(t.done());
    f2.set_result(7);
    const int value = co_await t;
    CHECK(value == 7);
    CHECK_FALSE(f2.cancelled());
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_current_task: who cancels himself is cancelled at his next suspension") {
  on_every_runtime([]() -> coro<> {
    bool went_on = false;
    bool too_far = false;
    auto body = [&]() -> coro<> {
      current_task().cancel("by itself");
      went_on = true;
      const auto ended = create_future<>();
      ended.set_result();
      co_await ended;  // no suspension
      co_await charkha::sleep(1h);
      too_far = true;
    };
    auto t = create_task(body());
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled(by itself)");
    CHECK(went_on);
    CHECK_FALSE(too_far);
  });
}

TEST_CASE(
    "test_tasks.BaseTaskTests.cancel_at_end: if there is none he is cancelled all the same, and his value dropped") {
  on_every_runtime([]() -> coro<> {
    auto body = []() -> coro<int> {
      current_task().cancel();
      co_return 12;
    };
    auto t = create_task(body());
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled()");
    CHECK(t.cancelled());
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_awaited_task: a request travels along what is awaited, both ways") {
  on_every_runtime([]() -> coro<> {
    // The awaited task is asked: its awaiter learns of it.
    auto inner = create_task(rest_long());
    auto await_inner = [&]() -> coro<> { co_await inner; };
    auto outer = create_task(await_inner());
    co_await until_waits(outer);
    inner.cancel("inner");
    std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "cancelled(inner)");
    CHECK(inner.cancelled());
    // The awaiter is asked, when it does not wait yet: what it waits for next is asked.
    auto f = create_future<int>();
    auto nested = create_task(await_it(f));
    co_await until_waits(nested);  // asked before it begins, it would never await (R25)
    auto await_nested = [&]() -> coro<int> {
      current_task().cancel("outer");
      co_return co_await nested;
    };
    auto t = create_task(await_nested());
    outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled(outer)");
    CHECK(t.cancelled());
    co_await until([&] { return nested.done(); });
    CHECK(nested.cancelled());
    CHECK(f.cancelled());
  });
}

TEST_CASE("test_tasks.BaseTaskTests.sleep_cancel: cancelling a sleep takes its timer away") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    std::atomic<int> ended{0};
    auto sleep_once = [&]() -> coro<> {
      try {
        co_await charkha::sleep(10s);
      } catch (const cancelled_error&) {
        ++ended;
      }
      co_await charkha::sleep(30s);  // the first timer would end this one, or touch an awaiter that is gone
      ++ended;
    };
    auto t = create_task(sleep_once());
    co_await until_waits(t);
    t.cancel();
    co_await until([&] { return ended == 1; });
    CHECK(charkha::clock::now() == before);
    co_await charkha::sleep(20s);
    CHECK(ended == 1);
    co_await t;
    CHECK(ended == 2);
    CHECK(charkha::clock::now() - before == 30s);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.task_cancel_sleeping_task: a long sleep ends at once") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    auto t = create_task(rest_long());
    charkha::call_later(100ms, [t] { t.cancel(); });
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled()");
    CHECK(charkha::clock::now() - before == 100ms);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.task_cancel_waiter_future: what only the cancelled task waited for is cancelled") {
  on_every_runtime([]() -> coro<> {
    future<> own;
    auto body = [&]() -> coro<> {
      own = create_future<>();
      co_await own;
    };
    auto t = create_task(body());
    co_await until_waits(t);
    t.cancel();
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled()");
    CHECK(own.cancelled());
    // A wait that is not shared leaves nothing behind: others go on.
    gate closed;
    auto stay_here = [&]() -> coro<> { co_await closed.wait(); };
    auto one = create_task(stay_here());
    auto other = create_task(stay_here());
    co_await until_waits(one);
    co_await until_waits(other);
    one.cancel();
    const std::string ended = co_await outcome_of(one);
    CHECK(ended == "cancelled()");
    CHECK_FALSE(other.done());
    closed.open();
    co_await other;
    CHECK_FALSE(other.cancelled());
  });
}

TEST_CASE(
    "test_tasks.BaseTaskTests.yield_future_passes_cancel: a request reaches the innermost wait; an outer coroutine may "
    "swallow it") {
  on_every_runtime([]() -> coro<> {
    auto waiter = create_future<>();
    int proof = 0;
    auto inner = [&]() -> coro<> {
      try {
        co_await waiter;
      } catch (const cancelled_error&) {
        proof += 1;
        throw;
      }
      proof += 2;
    };
    auto outer = [&]() -> coro<> {
      try {
        co_await inner();
        proof += 10;
      } catch (const cancelled_error&) {
        proof += 100;
      }
    };
    auto t = create_task(outer());
    co_await until_waits(t);
    t.cancel();
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "done");
    CHECK(proof == 101);
    CHECK(waiter.cancelled());
  });
}

TEST_CASE("test_tasks.BaseTaskTests.yield_wait_does_not_shield_cancel: a cancelled wait() leaves, its tasks go on") {
  on_every_runtime([]() -> coro<> {
    auto waiter = create_future<>();
    std::atomic<int> proof{0};
    auto inner = [&]() -> coro<> {
      co_await waiter;
      proof += 1;
    };
    auto inside = create_task(inner());
    auto outer = [&]() -> coro<> {
      std::array<task<>, 1> tasks{inside};
      const auto result = co_await charkha::wait(tasks);
      proof += 100;
      CHECK(result.pending.empty());
    };
    auto t = create_task(outer());
    co_await until_waits(t);
    t.cancel();
    const std::string outcome = co_await outcome_of(t);
    CHECK(outcome == "cancelled()");
    CHECK_FALSE(inside.done());
    waiter.set_result();
    co_await inside;
    CHECK(proof == 1);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.tb_logger_not_called_after_cancel: a cancelled task is no error that nobody saw") {
  without_reports_on_every_runtime([]() -> coro<> {
    gate closed;
    auto body = [&]() -> coro<> {
      co_await closed.wait();
      throw std::runtime_error("not reached");
    };
    auto t = create_task(body());
    co_await until_waits(t);
    t.cancel();
    co_await until([&] { return t.done(); });
    CHECK(t.cancelled());
  });
  report_log log;
  simulation({.workers = 1, .reports = &log}).run([]() -> coro<> {
    auto body = []() -> coro<> {
      throw std::runtime_error("not reached either");
      co_return;
    };
    create_task(body()).cancel();  // before its first step
    co_await charkha::yield();
  }());
  CHECK(log.count() == 0);
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_gather_1: cancelling a gather that is done does nothing") {
  on_every_runtime([]() -> coro<> {
    auto f = create_future<int>();
    auto all = charkha::gather(f);
    auto await_all = [&]() -> coro<int> {
      const auto values = co_await all;
      co_return std::get<0>(values);
    };
    auto t = create_task(await_all());
    co_await until_waits(t);
    CHECK_FALSE(all.done());
    f.set_result(42);
    co_await until([&] { return all.done(); });
    CHECK_FALSE(all.cancel());
    const int value = co_await t;
    CHECK(value == 42);
    CHECK_FALSE(t.cancelled());
    CHECK_FALSE(f.cancelled());
  });
}

TEST_CASE("test_tasks.BaseTaskTests.cancel_gather_2: a request and its message get through gather(return_exceptions)") {
  on_every_runtime([]() -> coro<> {
    for (const std::string message : {"", "my message"}) {
      auto tick = []() -> coro<> { co_await charkha::sleep(1ms); };
      auto gather_on_and_on = [&]() -> coro<> {
        for (;;) {
          static_cast<void>(co_await charkha::gather(charkha::return_exceptions, tick()));
        }
      };
      auto t = create_task(gather_on_and_on());
      co_await charkha::sleep(3ms);
      t.cancel(message);
      const std::string outcome = co_await outcome_of(t);
      CHECK(outcome == "cancelled(" + message + ")");
    }
  });
}
