// SPDX-License-Identifier: Apache-2.0
// CPython's cases for wait_for (test_waitfor.py), written anew from what each one is about. The deadline of a case that
// also runs on threads is short and passes, or is an hour and does not.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/gate.hpp"
#include "support/outcome.hpp"
#include "support/until.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::cancelled_error;
using charkha::coro;
using charkha::create_future;
using charkha::create_task;
using charkha::shield;
using charkha::simulation;
using charkha::task;
using charkha::wait_for;
using charkha::test::gate;
using charkha::test::in_every_simulation;
using charkha::test::on_every_runtime;
using charkha::test::outcome_of;
using charkha::test::requests_here;
using charkha::test::seeds;
using charkha::test::until_waits;

coro<int> give(int value) {
  co_await charkha::yield();
  co_return value;
}

/// Waits until it is cancelled, and then until the gate is open; says that it has cleaned up.
class careful {
 public:
  careful() = default;
  coro<int> work() {
    bool stopped = false;
    begun = true;
    try {
      co_await charkha::sleep(1h);
    } catch (const cancelled_error&) {
      stopped = true;
    }
    co_await cleaning.wait();
    cleaned_up = true;
    if (stopped) throw cancelled_error("cleaned up");
    co_return 0;
  }
  gate cleaning;
  std::atomic<bool> begun{false};
  std::atomic<bool> cleaned_up{false};
};

/// Swallows the request and gives a value.
coro<int> swallow(int value) {
  try {
    co_await charkha::sleep(1h);
  } catch (const cancelled_error&) {
  }
  co_await charkha::yield();
  co_return value;
}

coro<int> give_up_never() {
  co_await charkha::sleep(1h);
  co_return 0;
}

/// Fails when it is cancelled.
coro<int> fail_in_cleanup() {
  bool cancelled = false;
  try {
    co_await charkha::sleep(1h);
  } catch (const cancelled_error&) {
    cancelled = true;
  }
  if (cancelled) throw std::runtime_error("in clean-up");
  co_return 0;
}

template <class Awaitable, class Limit>
coro<int> await_for(Awaitable what, Limit limit) {
  co_return co_await wait_for(std::move(what), limit);
}

constexpr std::chrono::milliseconds no_time[] = {0ms, -1ms, -1000000ms};

}  // namespace

TEST_CASE("test_waitfor.AsyncioWaitForTest.asyncio_wait_for_cancelled: cancelling it runs what it awaits to its end") {
  on_every_runtime([]() -> coro<> {
    careful inner;
    auto outer = create_task(await_for(inner.work(), 1h));
    co_await until_waits(outer);
    CHECK(inner.begun);
    outer.cancel();
    co_await charkha::yield();
    CHECK_FALSE(outer.done());
    inner.cleaning.open();
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "cancelled(cleaned up)");
    CHECK(inner.cleaned_up);
    CHECK(outer.cancelling() == 1);
  });
}

TEST_CASE("test_waitfor.AsyncioWaitForTest.asyncio_wait_for_timeout: so does running out of time") {
  on_every_runtime([]() -> coro<> {
    careful inner;
    inner.cleaning.open();
    const std::string outcome = co_await outcome_of(await_for(inner.work(), 1ms));
    CHECK(outcome == "timed out");
    CHECK(inner.cleaned_up);
    CHECK(requests_here() == 0);
  });
}

TEST_CASE(
    "test_waitfor.AsyncioWaitForTest.wait_for_timeout_less_then_0_or_0_future_done: without time what is done gives "
    "its "
    "value") {
  on_every_runtime([]() -> coro<> {
    for (const auto limit : no_time) {
      auto f = create_future<int>();
      f.set_result(42);
      const int value = co_await wait_for(f, limit);
      CHECK(value == 42);
      auto failed = create_future<int>();
      failed.set_exception(std::runtime_error("failed"));
      const std::string outcome = co_await outcome_of(await_for(failed, limit));
      CHECK(outcome == "failed");
    }
  });
}

TEST_CASE(
    "test_waitfor.AsyncioWaitForTest.wait_for_timeout_less_then_0_or_0_coroutine_do_not_started: without time a "
    "coroutine never begins") {
  on_every_runtime([]() -> coro<> {
    for (const auto limit : no_time) {
      std::atomic<bool> begun{false};
      auto begin = [&]() -> coro<int> {
        begun = true;
        co_return 1;
      };
      const std::string outcome = co_await outcome_of(await_for(begin(), limit));
      CHECK(outcome == "timed out");
      CHECK_FALSE(begun);
      CHECK(requests_here() == 0);
    }
  });
}

TEST_CASE(
    "test_waitfor.AsyncioWaitForTest.wait_for_timeout_less_then_0_or_0: without time a running task is cancelled and "
    "waited for") {
  on_every_runtime([]() -> coro<> {
    for (const auto limit : no_time) {
      careful inner;
      auto t = create_task(inner.work());
      co_await until_waits(t);
      auto outer = create_task(await_for(t, limit));
      co_await until_waits(outer);
      CHECK_FALSE(t.done());
      CHECK(t.cancelling() == 1);
      inner.cleaning.open();
      const std::string outcome = co_await outcome_of(outer);
      CHECK(outcome == "timed out");
      CHECK(inner.cleaned_up);
      CHECK(t.cancelled());
    }
  });
}

TEST_CASE("test_waitfor.AsyncioWaitForTest.wait_for: when the time is up the task is cancelled") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    auto work = []() -> coro<int> {
      co_await charkha::sleep(200ms);
      co_return 1;
    };
    auto t = create_task(work());
    std::string outcome = co_await outcome_of(await_for(t, 100ms));
    CHECK(outcome == "timed out");
    CHECK(t.done());
    CHECK(t.cancelled());
    CHECK(charkha::clock::now() - before == 100ms);
    CHECK(requests_here() == 0);
    t = create_task(work());
    outcome = co_await outcome_of(await_for(t, 300ms));
    CHECK(outcome == "done");
    CHECK(t.result() == 1);
    CHECK(charkha::clock::now() - before == 300ms);
  });
}

TEST_CASE("test_waitfor.AsyncioWaitForTest.wait_for_blocking: without a limit it is a plain await") {
  on_every_runtime([]() -> coro<> {
    const int value = co_await wait_for(give(5), std::nullopt);
    CHECK(value == 5);
    auto t = create_task(give(6));
    const int other = co_await wait_for(t, std::nullopt);
    CHECK(other == 6);
  });
}

TEST_CASE("test_waitfor.AsyncioWaitForTest.wait_for_race_condition: a value that comes in time is not lost") {
  in_every_simulation(
      []() -> coro<> {
        // Just in time: two of the microseconds in which deadlines are kept.
        auto f = create_future<int>();
        charkha::call_later(100ms - 2us, [f] { f.set_result(42); });
        const int value = co_await wait_for(f, 100ms);
        CHECK(value == 42);
        CHECK(requests_here() == 0);
        // At the same time: either, and then all of it.
        auto g = create_future<int>();
        charkha::call_later(100ms, [g] {
          if (!g.done()) g.set_result(43);
        });
        const std::string outcome = co_await outcome_of(await_for(g, 100ms));
        CHECK((outcome == "done" || outcome == "timed out"));
        CHECK(requests_here() == 0);
        if (outcome == "done") CHECK(g.result() == 43);
      },
      50);
}

TEST_CASE(
    "test_waitfor.AsyncioWaitForTest.wait_for_cancellation_race_condition: of a task that swallows the request the "
    "value is given") {
  in_every_simulation([]() -> coro<> {
    auto end_late = []() -> coro<std::string> {
      bool cancelled = false;
      try {
        co_await charkha::sleep(1h);
      } catch (const cancelled_error&) {
        cancelled = true;
      }
      if (cancelled) co_await charkha::sleep(500ms);
      co_return "done late";
    };
    const auto before = charkha::clock::now();
    const std::string value = co_await wait_for(create_task(end_late()), 500ms);
    CHECK(value == "done late");
    CHECK(charkha::clock::now() - before == 1s);
    CHECK(requests_here() == 0);
  });
}

TEST_CASE(
    "test_waitfor.AsyncioWaitForTest.wait_for_waits_for_task_cancellation: it does not return before the clean-up is "
    "done") {
  on_every_runtime([]() -> coro<> {
    careful inner;
    auto t = create_task(inner.work());
    co_await until_waits(t);
    auto outer = create_task(await_for(t, 1ms));
    while (t.cancelling() == 0) co_await charkha::sleep(1ms);
    co_await charkha::sleep(1ms);
    CHECK_FALSE(outer.done());
    CHECK_FALSE(inner.cleaned_up);
    inner.cleaning.open();
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "timed out");
    CHECK(inner.cleaned_up);
    // What ended the task is nested in the error.
    try {
      co_await outer;
    } catch (const charkha::timeout_error& error) {
      CHECK_THROWS_AS(std::rethrow_if_nested(error), cancelled_error);
    }
  });
}

TEST_CASE("test_waitfor.AsyncioWaitForTest.wait_for_waits_for_task_cancellation_w_timeout_0: not without time either") {
  on_every_runtime([]() -> coro<> {
    careful inner;
    auto t = create_task(inner.work());
    co_await until_waits(t);
    auto outer = create_task(await_for(t, 0ms));
    co_await until_waits(outer);
    co_await charkha::sleep(1ms);
    CHECK_FALSE(outer.done());
    CHECK_FALSE(inner.cleaned_up);
    inner.cleaning.open();
    try {
      co_await outer;
      FAIL_CHECK("it had no time");
    } catch (const charkha::timeout_error& error) {
      CHECK_THROWS_AS(std::rethrow_if_nested(error), cancelled_error);
    }
    CHECK(inner.cleaned_up);
  });
}

TEST_CASE(
    "test_waitfor.AsyncioWaitForTest.wait_for_reraises_exception_during_cancellation: an error in clean-up is thrown, "
    "instead of timeout_error") {
  on_every_runtime([]() -> coro<> {
    const std::string of_coro = co_await outcome_of(await_for(fail_in_cleanup(), 1ms));
    CHECK(of_coro == "in clean-up");
    CHECK(requests_here() == 0);
    for (const auto limit : {1ms, 0ms}) {
      auto t = create_task(fail_in_cleanup());
      co_await until_waits(t);
      const std::string of_task = co_await outcome_of(await_for(t, limit));
      CHECK(of_task == "in clean-up");
      CHECK(requests_here() == 0);
    }
  });
}

TEST_CASE(
    "test_waitfor.AsyncioWaitForTest.cancel_blocking_wait_for: a request from outside is passed on, without limit") {
  on_every_runtime([]() -> coro<> {
    auto t = create_task(give_up_never());
    auto outer = create_task(await_for(t, std::nullopt));
    co_await until_waits(t);
    co_await until_waits(outer);
    outer.cancel("outside");
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "cancelled(outside)");
    CHECK(t.cancelled());
  });
}

TEST_CASE("test_waitfor.AsyncioWaitForTest.cancel_wait_for: and with one") {
  on_every_runtime([]() -> coro<> {
    auto t = create_task(give_up_never());
    auto outer = create_task(await_for(t, 1h));
    co_await until_waits(t);
    co_await until_waits(outer);
    outer.cancel("outside");
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "cancelled(outside)");
    CHECK(t.cancelled());
    CHECK(outer.cancelling() == 1);
  });
}

TEST_CASE("test_waitfor.AsyncioWaitForTest.wait_for_cancel_suppressed: who swallows that gives his value") {
  on_every_runtime([]() -> coro<> {
    auto t = create_task(swallow(42));
    auto outer = create_task(await_for(t, 1h));
    co_await until_waits(t);
    co_await until_waits(outer);
    outer.cancel();
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "done");
    CHECK(outer.result() == 42);
    CHECK_FALSE(outer.cancelled());
    CHECK(outer.cancelling() == 1);
  });
}

TEST_CASE(
    "test_waitfor.AsyncioWaitForTest.wait_for_issue86296: a request in the turn in which the awaited ends is not "
    "lost") {
  auto program = []() -> coro<> {
    auto inner = []() -> coro<int> { co_return 1; };
    bool reached = false;
    auto await_inner = [&]() -> coro<> {
      auto t = create_task(inner());
      static_cast<void>(co_await wait_for(t, 1h));
      co_await charkha::sleep(0s);
      reached = true;
    };
    auto outer = create_task(await_inner());
    co_await charkha::sleep(0s);  // it has created the inner task, and waits
    outer.cancel();
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "cancelled()");
    CHECK_FALSE(reached);
    CHECK(outer.cancelling() == 1);
  };
  for (const auto seed : seeds(20)) simulation({.workers = 1, .seed = seed}).run(program());
  charkha::run(program(), {.workers = 1});
}

TEST_CASE("test_waitfor.WaitForShieldTests.zero_timeout: who is shielded outlives a wait without time") {
  on_every_runtime([]() -> coro<> {
    gate allowed;
    auto work = [&]() -> coro<int> {
      co_await allowed.wait();
      co_return 5;
    };
    auto inner = create_task(work());
    const std::string outcome = co_await outcome_of(await_for(shield(inner), 0ms));
    CHECK(outcome == "timed out");
    CHECK_FALSE(inner.done());
    CHECK(inner.cancelling() == 0);
    allowed.open();
    const int value = co_await inner;
    CHECK(value == 5);
  });
}

TEST_CASE("test_waitfor.WaitForShieldTests.none_timeout: a shield without a limit gives the value") {
  on_every_runtime([]() -> coro<> {
    auto inner = create_task(give(5));
    const int value = co_await wait_for(shield(inner), std::nullopt);
    CHECK(value == 5);
    CHECK_FALSE(inner.cancelled());
  });
}

TEST_CASE("test_waitfor.WaitForShieldTests.shielded_timeout: when the time is up, who is shielded goes on") {
  on_every_runtime([]() -> coro<> {
    gate allowed;
    auto work = [&]() -> coro<int> {
      co_await allowed.wait();
      co_return 5;
    };
    auto inner = create_task(work());
    const std::string outcome = co_await outcome_of(await_for(shield(inner), 1ms));
    CHECK(outcome == "timed out");
    CHECK_FALSE(inner.done());
    CHECK(inner.cancelling() == 0);
    CHECK(requests_here() == 0);
    allowed.open();
    const int value = co_await inner;
    CHECK(value == 5);
  });
}
