// SPDX-License-Identifier: Apache-2.0
// The cases of CPython 3.13's test_locks, by meaning. Cases that count single turns run on one worker, all others on
// every number of workers, in simulation and on threads.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/journal.hpp"
#include "support/until.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::barrier;
using charkha::bounded_semaphore;
using charkha::broken_barrier_error;
using charkha::cancelled_error;
using charkha::condition;
using charkha::coro;
using charkha::create_task;
using charkha::event;
using charkha::lock;
using charkha::semaphore;
using charkha::task;
using charkha::usage_error;
using charkha::test::journal;
using charkha::test::on_every_runtime;
using charkha::test::until;
using charkha::test::until_waits;
using numbers = std::vector<int>;

template <class Program>
void on_one_worker(Program&& program) {
  charkha::simulation().run(program());
}

/// A turn of everybody else, in the cases that count turns.
auto a_turn() { return charkha::sleep(0s); }

template <class Primitive>
coro<> take(Primitive& from) {
  co_await from.acquire();
}
template <class Primitive>
coro<> take_and_note(Primitive& from, journal<>& log, int number) {
  co_await from.acquire();
  log.add(number);
}
/// Waits for its end, whichever it is. True: it was cancelled.
template <class T>
coro<bool> ended_cancelled(task<T> of) {
  try {
    co_await of;
  } catch (const cancelled_error&) {
    co_return true;
  }
  co_return false;
}

}  // namespace

// ---- Lock ------------------------------------------------------------------------------------------------------------

TEST_CASE("test_locks.LockTests.acquire: three waiters get the lock in order, one per release") {
  on_one_worker([]() -> coro<> {
    lock l;
    journal<> log;
    co_await l.acquire();
    auto a = create_task(take_and_note(l, log, 1));
    auto b = create_task(take_and_note(l, log, 2));
    co_await a_turn();
    CHECK(log.size() == 0);
    l.release();
    co_await a_turn();
    CHECK(log.all() == numbers{1});
    co_await a_turn();
    CHECK(log.all() == numbers{1});
    auto c = create_task(take_and_note(l, log, 3));
    l.release();
    co_await a_turn();
    CHECK(log.all() == numbers{1, 2});
    l.release();
    co_await a_turn();
    CHECK(log.all() == numbers{1, 2, 3});
    CHECK(a.done());
    CHECK(b.done());
    CHECK(c.done());
  });
}

TEST_CASE("test_locks.LockTests.acquire_cancel: cancelled acquire leaves no waiter behind") {
  on_every_runtime([]() -> coro<> {
    lock l;
    co_await l.acquire();
    auto waiter = create_task(take(l));
    co_await until_waits(waiter);
    waiter.cancel();
    const bool cancelled = co_await ended_cancelled(waiter);
    CHECK(cancelled);
    l.release();
    CHECK_FALSE(l.locked());
  });
}

TEST_CASE("test_locks.LockTests.cancel_race: release together with cancel of the first waiter: the second gets it") {
  on_every_runtime([]() -> coro<> {
    lock l;
    co_await l.acquire();
    auto b = create_task(take(l));
    co_await until_waits(b);
    auto c = create_task(take(l));
    co_await until_waits(c);
    b.cancel();
    l.release();
    co_await c;
    const bool cancelled = co_await ended_cancelled(b);
    CHECK(cancelled);
    CHECK(l.locked());
  });
}

TEST_CASE("test_locks.LockTests.cancel_release_race: cancel + release: exactly one other gets it") {
  on_every_runtime([]() -> coro<> {
    lock l;
    journal<> log;
    co_await l.acquire();
    std::vector<task<>> waiters;
    for (int i = 0; i < 3; ++i) {
      waiters.push_back(create_task(take_and_note(l, log, i)));
      co_await until_waits(waiters.back());
    }
    waiters[0].cancel();
    l.release();
    const bool cancelled = co_await ended_cancelled(waiters[0]);
    CHECK(cancelled);
    co_await waiters[1];
    CHECK(log.all() == numbers{1});
    CHECK_FALSE(waiters[2].done());
    waiters[2].cancel();
    const bool other = co_await ended_cancelled(waiters[2]);
    CHECK(other);
  });
}

TEST_CASE(
    "test_locks.LockTests.finished_waiter_cancelled: woken waiter is cancelled: the wake-up goes on to the next") {
  on_every_runtime([]() -> coro<> {
    lock l;
    const auto hold = [](lock& of) -> coro<> { const auto held = co_await of.hold(); };
    co_await l.acquire();
    auto a = create_task(hold(l));
    co_await until_waits(a);
    auto b = create_task(hold(l));
    co_await until_waits(b);
    l.release();
    a.cancel();  // on its way to a, or past it
    co_await b;
    static_cast<void>(co_await ended_cancelled(a));
    CHECK_FALSE(l.locked());
  });
}

TEST_CASE("test_locks.LockTests.release_not_acquired: release of a free lock is an error") {
  lock l;
  CHECK_THROWS_AS(l.release(), usage_error);
}

TEST_CASE("test_locks.LockTests.release_no_waiters: release without waiters frees it") {
  on_every_runtime([]() -> coro<> {
    lock l;
    co_await l.acquire();
    CHECK(l.locked());
    l.release();
    CHECK_FALSE(l.locked());
  });
}

TEST_CASE("test_locks.LockTests.context_manager: scope guard locks and unlocks") {
  on_every_runtime([]() -> coro<> {
    lock l;
    {
      const auto held = co_await l.hold();
      CHECK(l.locked());
    }
    CHECK_FALSE(l.locked());
  });
}

// ---- Event -----------------------------------------------------------------------------------------------------------

namespace {

coro<> pass(event& at, journal<>& log, int number) {
  co_await at.wait();
  log.add(number);
}

}  // namespace

TEST_CASE("test_locks.EventTests.wait: set wakes all three waiters") {
  on_every_runtime([]() -> coro<> {
    event e;
    journal<> log;
    CHECK_FALSE(e.is_set());
    std::vector<task<>> waiters;
    for (int i = 1; i <= 3; ++i) {
      waiters.push_back(create_task(pass(e, log, i)));
      co_await until_waits(waiters.back());
    }
    CHECK(log.size() == 0);
    e.set();
    co_await charkha::gather(waiters);
    CHECK(log.sorted() == numbers{1, 2, 3});
  });
}

TEST_CASE("test_locks.EventTests.wait_on_set: wait on a set event does not suspend") {
  on_every_runtime([]() -> coro<> {
    event e;
    e.set();
    co_await e.wait();
    CHECK(e.is_set());
  });
}

TEST_CASE("test_locks.EventTests.wait_cancel: cancelled wait leaves no waiter") {
  on_every_runtime([]() -> coro<> {
    event e;
    journal<> log;
    auto waiter = create_task(pass(e, log, 1));
    co_await until_waits(waiter);
    waiter.cancel();
    const bool cancelled = co_await ended_cancelled(waiter);
    CHECK(cancelled);
    e.set();
    CHECK(log.size() == 0);
  });
}

TEST_CASE("test_locks.EventTests.clear: clear resets") {
  event e;
  CHECK_FALSE(e.is_set());
  e.set();
  CHECK(e.is_set());
  e.clear();
  CHECK_FALSE(e.is_set());
}

TEST_CASE("test_locks.EventTests.clear_with_waiters: set then clear at once still wakes the waiters") {
  on_one_worker([]() -> coro<> {
    event e;
    journal<> log;
    auto waiter = create_task(pass(e, log, 1));
    co_await a_turn();
    e.set();
    e.clear();
    CHECK_FALSE(e.is_set());
    e.set();
    e.set();
    CHECK(log.size() == 0);
    co_await a_turn();
    CHECK(log.all() == numbers{1});
    CHECK(waiter.done());
  });
}

// ---- Condition -------------------------------------------------------------------------------------------------------

namespace {

coro<> acquire_and_wait(condition& on, journal<>& log, int number) {
  co_await on.acquire();
  co_await on.wait();
  log.add(number);
}
coro<> hold_and_wait(condition& on, journal<>& log, int number) {
  const auto held = co_await on.hold();
  co_await on.wait();
  log.add(number);
}
coro<> notify(condition& on, std::size_t count) {
  const auto held = co_await on.hold();
  on.notify(count);
}

}  // namespace

TEST_CASE("test_locks.ConditionTests.wait: notify(1), notify(2): waiters run one by one as the lock is freed") {
  on_one_worker([]() -> coro<> {
    condition c;
    journal<> log;
    std::vector<task<>> waiters;
    for (int i = 1; i <= 3; ++i) waiters.push_back(create_task(acquire_and_wait(c, log, i)));
    co_await a_turn();
    CHECK(log.size() == 0);
    CHECK_FALSE(c.locked());
    co_await c.acquire();
    c.notify();
    co_await a_turn();
    CHECK(log.size() == 0);
    CHECK(c.locked());
    c.release();
    co_await a_turn();
    CHECK(log.all() == numbers{1});
    CHECK(c.locked());
    c.notify(2);
    co_await a_turn();
    CHECK(log.all() == numbers{1});
    c.release();
    co_await a_turn();
    CHECK(log.all() == numbers{1, 2});
    c.release();
    co_await a_turn();
    CHECK(log.all() == numbers{1, 2, 3});
    CHECK(c.locked());
    for (const auto& each : waiters) CHECK(each.done());
  });
}

TEST_CASE("test_locks.ConditionTests.wait_cancel: cancelled wait re-takes the lock") {
  on_every_runtime([]() -> coro<> {
    condition c;
    co_await c.acquire();
    auto waiter = create_task(c.wait());
    co_await until_waits(waiter);
    waiter.cancel();
    const bool cancelled = co_await ended_cancelled(waiter);
    CHECK(cancelled);
    CHECK(c.locked());
  });
}

TEST_CASE("test_locks.ConditionTests.wait_cancel_contested: same when the lock is contested") {
  on_every_runtime([]() -> coro<> {
    condition c;
    co_await c.acquire();
    auto waiter = create_task(c.wait());
    co_await c.acquire();  // had when the waiter has let go
    c.notify();
    waiter.cancel();
    c.release();
    const bool cancelled = co_await ended_cancelled(waiter);
    CHECK(cancelled);
    CHECK(c.locked());
  });
}

TEST_CASE(
    "test_locks.ConditionTests.wait_cancel_after_notify: cancel between notify and re-acquire is delivered "
    "afterwards") {
  on_every_runtime([]() -> coro<> {
    condition c;
    std::atomic<bool> had_the_lock{false};
    const auto body = [](condition& on, std::atomic<bool>& noted) -> coro<> {
      const auto held = co_await on.hold();
      try {
        co_await on.wait();
      } catch (const cancelled_error&) {
        noted = on.locked();
        throw;
      }
    };
    auto waiter = create_task(body(c, had_the_lock));
    co_await until_waits(waiter);
    co_await c.acquire();
    c.notify();
    co_await until_waits(waiter);  // for the lock now
    waiter.cancel();
    c.release();
    const bool cancelled = co_await ended_cancelled(waiter);
    CHECK(cancelled);
    CHECK(had_the_lock);
    CHECK_FALSE(c.locked());
  });
}

TEST_CASE("test_locks.ConditionTests.wait_unacquired: wait without the lock is an error") {
  on_every_runtime([]() -> coro<> {
    condition c;
    bool refused = false;
    try {
      co_await c.wait();
    } catch (const usage_error&) {
      refused = true;
    }
    CHECK(refused);
  });
}

TEST_CASE("test_locks.ConditionTests.wait_for: predicate loop") {
  on_every_runtime([]() -> coro<> {
    condition c;
    std::atomic<bool> ready{false};
    journal<> log;
    const auto body = [](condition& on, std::atomic<bool>& flag, journal<>& out) -> coro<> {
      const auto held = co_await on.hold();
      const auto is_ready = [&flag] { return flag.load(); };
      const bool result = co_await on.wait(is_ready);
      CHECK(result);
      out.add(1);
    };
    auto waiter = create_task(body(c, ready, log));
    co_await until_waits(waiter);
    co_await notify(c, 1);
    CHECK(log.size() == 0);
    ready = true;
    co_await notify(c, 1);
    // The first notification may have been used just now.
    if (!waiter.done()) co_await notify(c, 1);
    co_await waiter;
    CHECK(log.all() == numbers{1});
  });
}

TEST_CASE("test_locks.ConditionTests.wait_for_unacquired: true predicate returns at once, else the lock is needed") {
  on_every_runtime([]() -> coro<> {
    condition c;
    const auto at_once = [] { return 3; };
    const int value = co_await c.wait(at_once);
    CHECK(value == 3);
    bool refused = false;
    try {
      const auto never = [] { return false; };
      static_cast<void>(co_await c.wait(never));
    } catch (const usage_error&) {
      refused = true;
    }
    CHECK(refused);
  });
}

TEST_CASE("test_locks.ConditionTests.notify: notify(n) wakes n, more than waiting is fine") {
  on_every_runtime([]() -> coro<> {
    condition c;
    journal<> log;
    std::vector<task<>> waiters;
    for (int i = 1; i <= 3; ++i) {
      waiters.push_back(create_task(hold_and_wait(c, log, i)));
      co_await until_waits(waiters.back());
    }
    co_await notify(c, 1);
    co_await waiters[0];
    CHECK(log.all() == numbers{1});
    co_await notify(c, 1);
    co_await notify(c, 2048);
    co_await charkha::gather(waiters);
    CHECK(log.sorted() == numbers{1, 2, 3});
  });
}

TEST_CASE("test_locks.ConditionTests.notify_all: wakes everybody") {
  on_every_runtime([]() -> coro<> {
    condition c;
    journal<> log;
    std::vector<task<>> waiters;
    for (int i = 1; i <= 2; ++i) {
      waiters.push_back(create_task(hold_and_wait(c, log, i)));
      co_await until_waits(waiters.back());
    }
    {
      const auto held = co_await c.hold();
      c.notify_all();
    }
    co_await charkha::gather(waiters);
    CHECK(log.sorted() == numbers{1, 2});
  });
}

TEST_CASE("test_locks.ConditionTests.notify_unacquired: notify without the lock is an error") {
  condition c;
  CHECK_THROWS_AS(c.notify(), usage_error);
}

TEST_CASE("test_locks.ConditionTests.notify_all_unacquired: notify_all too") {
  condition c;
  CHECK_THROWS_AS(c.notify_all(), usage_error);
}

TEST_CASE("test_locks.ConditionTests.context_manager: scope guard") {
  on_every_runtime([]() -> coro<> {
    condition c;
    {
      const auto held = co_await c.hold();
      CHECK(c.locked());
    }
    CHECK_FALSE(c.locked());
  });
}

TEST_CASE("test_locks.ConditionTests.explicit_lock: condition on a given lock shares its state") {
  on_every_runtime([]() -> coro<> {
    lock l;
    condition c(l);
    CHECK_FALSE(c.locked());
    co_await l.acquire();
    CHECK(c.locked());
    c.release();
    CHECK_FALSE(l.locked());
    co_await c.acquire();
    CHECK(l.locked());
    l.release();
  });
}

TEST_CASE("test_locks.ConditionTests.timeout_in_block: wait_for around wait keeps the lock held after the timeout") {
  on_every_runtime([]() -> coro<> {
    condition c;
    const auto held = co_await c.hold();
    bool timed_out = false;
    try {
      const auto body = [&c]() -> coro<> { co_await c.wait(); };
      co_await charkha::timeout(1ms, body);
    } catch (const charkha::timeout_error&) {
      timed_out = true;
    }
    CHECK(timed_out);
    CHECK(c.locked());
  });
}

namespace {

coro<> wait_and_rethrow(condition& on, journal<std::string>& log) {
  const auto held = co_await on.hold();
  try {
    co_await on.wait();
  } catch (const cancelled_error& request) {
    log.add(request.message());
    throw;
  }
}
coro<std::string> message_of(task<> of) {
  std::string message = "not cancelled";
  try {
    co_await of;
  } catch (const cancelled_error& request) {
    message = request.message();
  }
  co_return message;
}

}  // namespace

TEST_CASE("test_locks.ConditionTests.cancelled_error_wakeup: cancel message survives the re-acquire") {
  on_every_runtime([]() -> coro<> {
    condition c;
    journal<std::string> log;
    auto waiter = create_task(wait_and_rethrow(c, log));
    co_await until_waits(waiter);
    waiter.cancel("foo");
    const auto message = co_await message_of(waiter);
    CHECK(message == "foo");
    CHECK(log.all() == std::vector<std::string>{"foo"});
  });
}

TEST_CASE("test_locks.ConditionTests.cancelled_error_re_aquire: same when cancelled during the re-acquire") {
  on_every_runtime([]() -> coro<> {
    condition c;
    journal<std::string> log;
    auto waiter = create_task(wait_and_rethrow(c, log));
    co_await until_waits(waiter);
    co_await c.acquire();
    c.notify();
    co_await until_waits(waiter);
    waiter.cancel("foo");
    c.release();
    const auto message = co_await message_of(waiter);
    CHECK(message == "foo");
    CHECK(log.all() == std::vector<std::string>{"foo"});
  });
}

namespace {

coro<> consume(condition& on, int& state) {
  const auto held = co_await on.hold();
  for (;;) {
    const auto something = [&state] { return state != 0; };
    static_cast<void>(co_await on.wait(something));
    if (state < 0) co_return;
    --state;
    on.notify_all();
  }
}
/// One of two consumers is cancelled when it has just been notified; the item is consumed all the same.
coro<> lose_no_notification(bool relock) {
  condition c;
  int state = 0;  // guarded by the condition's lock
  std::array<task<>, 2> consumers;
  for (auto& each : consumers) {
    each = create_task(consume(c, state));
    co_await until_waits(each);
  }
  {
    const auto held = co_await c.hold();
    ++state;
    c.notify();
    if (relock) co_await until_waits(consumers[0]);
    consumers[0].cancel();
    const auto consumed = [&state] { return state == 0; };
    static_cast<void>(co_await c.wait(consumed));
    state = -1;
    c.notify_all();
  }
  static_cast<void>(co_await ended_cancelled(consumers[0]));
  co_await consumers[1];
}

}  // namespace

TEST_CASE("test_locks.ConditionTests.cancelled_wakeup: cancel that meets notify: another waiter is notified") {
  on_every_runtime([]() -> coro<> { return lose_no_notification(false); });
}

TEST_CASE("test_locks.ConditionTests.cancelled_wakeup_relock: same while re-acquiring") {
  on_every_runtime([]() -> coro<> { return lose_no_notification(true); });
}

// ---- Semaphore -------------------------------------------------------------------------------------------------------

TEST_CASE("test_locks.SemaphoreTests.initial_value_zero: starts locked") {
  const semaphore s(0);
  CHECK(s.locked());
}

TEST_CASE("test_locks.SemaphoreTests.semaphore_value: negative value is an error") {
  CHECK_THROWS_AS(semaphore(-1), std::invalid_argument);
}

TEST_CASE("test_locks.SemaphoreTests.acquire: permits and waiters counted right through releases") {
  on_one_worker([]() -> coro<> {
    semaphore s(3);
    journal<> log;
    co_await s.acquire();
    co_await s.acquire();
    CHECK_FALSE(s.locked());
    std::vector<task<>> takers;
    for (int i = 1; i <= 3; ++i) takers.push_back(create_task(take_and_note(s, log, i)));
    co_await a_turn();
    CHECK(log.all() == numbers{1});
    CHECK(s.locked());
    takers.push_back(create_task(take_and_note(s, log, 4)));
    s.release();
    s.release();
    CHECK(s.locked());
    co_await a_turn();
    CHECK(log.all() == numbers{1, 2, 3});
    CHECK(s.locked());
    CHECK(takers[2].done());
    CHECK_FALSE(takers[3].done());
    s.release();
    co_await charkha::gather(takers);
    CHECK(log.all() == numbers{1, 2, 3, 4});
  });
}

TEST_CASE("test_locks.SemaphoreTests.acquire_cancel: cancelled acquire leaves no waiter") {
  on_every_runtime([]() -> coro<> {
    semaphore s;
    co_await s.acquire();
    auto waiter = create_task(take(s));
    co_await until_waits(waiter);
    waiter.cancel();
    const bool cancelled = co_await ended_cancelled(waiter);
    CHECK(cancelled);
    s.release();
    CHECK_FALSE(s.locked());
  });
}

TEST_CASE(
    "test_locks.SemaphoreTests.acquire_cancel_before_awoken: two cancelled waiters skipped, third gets the permit, "
    "fourth not") {
  on_every_runtime([]() -> coro<> {
    semaphore s(0);
    std::vector<task<>> waiters;
    for (int i = 0; i < 4; ++i) {
      waiters.push_back(create_task(take(s)));
      co_await until_waits(waiters.back());
    }
    waiters[0].cancel();
    waiters[1].cancel();
    s.release();
    co_await waiters[2];
    CHECK_FALSE(waiters[3].done());
    CHECK(s.locked());
    waiters[3].cancel();
    for (const int i : {0, 1, 3}) {
      const bool cancelled = co_await ended_cancelled(waiters[static_cast<std::size_t>(i)]);
      CHECK(cancelled);
    }
  });
}

TEST_CASE("test_locks.SemaphoreTests.acquire_hang: cancelled first waiter does not block the second") {
  on_every_runtime([]() -> coro<> {
    semaphore s(0);
    auto first = create_task(take(s));
    co_await until_waits(first);
    auto second = create_task(take(s));
    co_await until_waits(second);
    first.cancel();
    s.release();
    co_await second;
    CHECK(s.locked());
    const bool cancelled = co_await ended_cancelled(first);
    CHECK(cancelled);
  });
}

TEST_CASE("test_locks.SemaphoreTests.acquire_no_hang: permit of a cancelled holder-to-be is not lost") {
  on_every_runtime([]() -> coro<> {
    semaphore s(1);
    auto permit = co_await s.hold();
    journal<> log;
    auto second = create_task(take_and_note(s, log, 2));
    co_await until_waits(second);
    second.cancel();
    permit.release();
    const bool cancelled = co_await ended_cancelled(second);
    CHECK(cancelled);
    CHECK(log.size() == 0);
    co_await s.acquire();
    s.release();
  });
}

TEST_CASE("test_locks.SemaphoreTests.release_not_acquired: bounded: too many releases is an error") {
  bounded_semaphore s;
  CHECK_THROWS_AS(s.release(), usage_error);
}

TEST_CASE("test_locks.SemaphoreTests.release_no_waiters: release raises the count") {
  on_every_runtime([]() -> coro<> {
    semaphore s;
    co_await s.acquire();
    CHECK(s.locked());
    s.release();
    CHECK_FALSE(s.locked());
  });
}

TEST_CASE("test_locks.SemaphoreTests.acquire_fifo_order: three tasks twice each: strict turns") {
  on_every_runtime([]() -> coro<> {
    semaphore s(0);
    journal<> log;
    // Each keeps the permit until the one before it is in line again.
    const auto body = [](semaphore& from, journal<>& out, int number, task<> before) -> coro<> {
      co_await from.acquire();
      out.add(10 + number);
      if (before) co_await until_waits(before);
      from.release();
      co_await from.acquire();
      out.add(20 + number);
      from.release();
    };
    std::vector<task<>> takers;
    for (int i = 1; i <= 3; ++i) {
      const auto before = takers.empty() ? task<>() : takers.back();
      takers.push_back(create_task(body(s, log, i, before)));
      co_await until_waits(takers.back());
    }
    s.release();
    co_await charkha::gather(takers);
    CHECK(log.all() == numbers{11, 12, 13, 21, 22, 23});
  });
}

TEST_CASE("test_locks.SemaphoreTests.acquire_fifo_order_2: re-acquire queues behind waiters") {
  on_one_worker([]() -> coro<> {
    semaphore s(1);
    journal<> log;
    const auto twice = [](semaphore& from, journal<>& out) -> coro<> {
      co_await from.acquire();
      out.add(2);
      from.release();
      co_await from.acquire();
      out.add(4);
    };
    auto first = create_task(take_and_note(s, log, 1));
    auto second = create_task(twice(s, log));
    auto third = create_task(take_and_note(s, log, 3));
    co_await a_turn();
    s.release();
    s.release();
    co_await charkha::gather(first, second, third);
    CHECK(log.all() == numbers{1, 2, 3, 4});
  });
}

TEST_CASE(
    "test_locks.SemaphoreTests.acquire_fifo_order_3: cancelled first waiter is skipped, order of the others kept") {
  on_one_worker([]() -> coro<> {
    semaphore s(0);
    journal<> log;
    std::vector<task<>> takers;
    for (int i = 1; i <= 3; ++i) takers.push_back(create_task(take_and_note(s, log, i)));
    co_await a_turn();
    takers[0].cancel();
    co_await a_turn();
    s.release();
    s.release();
    co_await charkha::gather(takers[1], takers[2]);
    CHECK(log.all() == numbers{2, 3});
    CHECK(takers[0].cancelled());
  });
}

TEST_CASE(
    "test_locks.SemaphoreTests.acquire_fifo_order_4: three releases wake three waiters in order, before a task created "
    "later") {
  on_one_worker([]() -> coro<> {
    semaphore s(0);
    journal<> log;
    task<> fourth;
    const auto note = [](journal<>& out) -> coro<> {
      out.add(4);
      co_return;
    };
    const auto first_body = [](semaphore& from, journal<>& out, task<>& later, auto body) -> coro<> {
      co_await from.acquire();
      const bool any_left = from.try_acquire();
      CHECK_FALSE(any_left);
      later = create_task(body(out));
      out.add(1);
    };
    const auto second_body = [](semaphore& from, journal<>& out) -> coro<> {
      for (int i = 0; i < 3; ++i) from.release();
      CHECK(from.locked());  // the first one has not run yet
      co_await from.acquire();
      out.add(2);
    };
    const auto third_body = [](semaphore& from, journal<>& out) -> coro<> {
      co_await from.acquire();
      CHECK(from.locked());
      out.add(3);
    };
    auto first = create_task(first_body(s, log, fourth, note));
    auto second = create_task(second_body(s, log));
    auto third = create_task(third_body(s, log));
    co_await a_turn();
    co_await a_turn();
    co_await charkha::gather(first, second, third, fourth);
    CHECK(log.all() == numbers{1, 2, 3, 4});
  });
}

// ---- Barrier ---------------------------------------------------------------------------------------------------------

namespace {

constexpr int broken = -1;

/// Notes the index, or that the barrier was broken.
coro<> meet(barrier& at, journal<>& log) {
  int outcome = broken;
  try {
    const auto index = co_await at.wait();
    outcome = static_cast<int>(index);
  } catch (const broken_barrier_error&) {
  }
  log.add(outcome);
}
std::vector<task<>> start(barrier& at, journal<>& log, int count) {
  std::vector<task<>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(create_task(meet(at, log)));
  return tasks;
}
coro<> fills_to(barrier& at, std::ptrdiff_t count) {
  while (at.n_waiting() != count) co_await charkha::yield();
}
std::size_t count_of(const journal<>& log, int outcome) {
  const auto all = log.all();
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), outcome));
}
/// Is it as good as new?
coro<> check_whole(barrier& at) {
  CHECK_FALSE(at.broken());
  CHECK(at.n_waiting() == 0);
  journal<> log;
  auto round = start(at, log, static_cast<int>(at.parties()));
  co_await charkha::gather(round);
  CHECK(count_of(log, broken) == 0);
  CHECK(log.size() == static_cast<std::size_t>(at.parties()));
}

}  // namespace

TEST_CASE("test_locks.BarrierTests.barrier: all parties pass together") {
  on_every_runtime([]() -> coro<> {
    barrier b(5);
    journal<> log;
    auto four = start(b, log, 4);
    co_await fills_to(b, 4);
    CHECK(log.size() == 0);
    auto last = start(b, log, 1);
    co_await charkha::gather(four);
    co_await last[0];
    CHECK(log.size() == 5);
    CHECK(b.n_waiting() == 0);
    CHECK_FALSE(b.broken());
  });
}

TEST_CASE("test_locks.BarrierTests.barrier_parties: 0 parties is an error") {
  CHECK_THROWS_AS(barrier(0), std::invalid_argument);
  CHECK_THROWS_AS(barrier(-4), std::invalid_argument);
  CHECK(barrier(5).parties() == 5);
}

TEST_CASE("test_locks.BarrierTests.context_manager: scope form gives the index") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    const auto body = [](barrier& at, journal<>& out) -> coro<> {
      const auto index = co_await at.wait();
      out.add(static_cast<int>(index));
    };
    co_await charkha::gather(body(b, log), body(b, log), body(b, log));
    CHECK(log.sorted() == numbers{0, 1, 2});
  });
}

TEST_CASE("test_locks.BarrierTests.filling_one_task: one party passes at once") {
  on_every_runtime([]() -> coro<> {
    barrier b(1);
    const auto index = co_await b.wait();
    CHECK(index == 0);
    CHECK(b.n_waiting() == 0);
    CHECK_FALSE(b.broken());
  });
}

TEST_CASE("test_locks.BarrierTests.filling_one_task_twice: and again") {
  on_every_runtime([]() -> coro<> {
    barrier b(1);
    const auto first = co_await b.wait();
    const auto second = co_await b.wait();
    CHECK(first == 0);
    CHECK(second == 0);
  });
}

TEST_CASE("test_locks.BarrierTests.filling_task_by_task: count rises task by task until it opens") {
  on_one_worker([]() -> coro<> {
    barrier b(3);
    journal<> log;
    std::vector<task<>> parties;
    for (int i = 1; i <= 2; ++i) {
      parties.push_back(create_task(meet(b, log)));
      co_await a_turn();
      CHECK(b.n_waiting() == i);
      CHECK(log.size() == 0);
    }
    parties.push_back(create_task(meet(b, log)));
    co_await charkha::gather(parties);
    CHECK(log.sorted() == numbers{0, 1, 2});
    CHECK(b.n_waiting() == 0);
  });
}

namespace {

coro<> meet_twice(barrier& at, journal<>& log) {
  const auto first = co_await at.wait();
  log.add(static_cast<int>(first));
  const auto second = co_await at.wait();
  log.add(10 + static_cast<int>(second));
}

}  // namespace

TEST_CASE("test_locks.BarrierTests.filling_tasks_wait_twice: two rounds by the same tasks") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    std::vector<task<>> parties;
    for (int i = 0; i < 3; ++i) parties.push_back(create_task(meet_twice(b, log)));
    co_await charkha::gather(parties);
    CHECK(log.sorted() == numbers{0, 1, 2, 10, 11, 12});
    // All of the first round had begun to leave before the second was over.
    const auto all = log.all();
    CHECK(all[0] < 10);
    CHECK(all[5] >= 10);
  });
}

TEST_CASE("test_locks.BarrierTests.filling_tasks_check_return_value: indices 0..n-1, each once") {
  on_every_runtime([]() -> coro<> {
    barrier b(5);
    journal<> log;
    auto parties = start(b, log, 5);
    co_await charkha::gather(parties);
    CHECK(log.sorted() == numbers{0, 1, 2, 3, 4});
  });
}

TEST_CASE("test_locks.BarrierTests.draining_state: state while draining") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    const auto body = [](barrier& at, journal<>& out) -> coro<> {
      static_cast<void>(co_await at.wait());
      CHECK(at.n_waiting() == 0);
      CHECK_FALSE(at.broken());
      out.add(1);
    };
    co_await charkha::gather(body(b, log), body(b, log), body(b, log));
    CHECK(log.size() == 3);
  });
}

TEST_CASE("test_locks.BarrierTests.blocking_tasks_while_draining: newcomers wait for the next round") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    auto two_rounds_but_one = start(b, log, 5);
    co_await until([&log] { return log.size() == 3; });
    co_await fills_to(b, 2);
    CHECK(log.sorted() == numbers{0, 1, 2});
    auto last = start(b, log, 1);
    co_await charkha::gather(two_rounds_but_one);
    co_await last[0];
    CHECK(log.sorted() == numbers{0, 0, 1, 1, 2, 2});
  });
}

TEST_CASE("test_locks.BarrierTests.filling_tasks_cancel_one: one cancelled waiter leaves; others still need n") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    auto two = start(b, log, 2);
    co_await fills_to(b, 2);
    two[0].cancel();
    const bool cancelled = co_await ended_cancelled(two[0]);
    CHECK(cancelled);
    CHECK(b.n_waiting() == 1);
    auto third = start(b, log, 1);
    co_await fills_to(b, 2);
    auto fourth = start(b, log, 1);
    co_await charkha::gather(two[1], third[0], fourth[0]);
    CHECK(log.sorted() == numbers{0, 1, 2});
  });
}

TEST_CASE("test_locks.BarrierTests.reset_barrier: reset of an idle barrier") {
  on_every_runtime([]() -> coro<> {
    barrier b(1);
    b.reset();
    co_await check_whole(b);
  });
}

TEST_CASE("test_locks.BarrierTests.reset_barrier_while_tasks_waiting: waiters get BrokenBarrier") {
  on_every_runtime([]() -> coro<> {
    barrier b(5);
    journal<> log;
    auto four = start(b, log, 4);
    co_await fills_to(b, 4);
    b.reset();
    co_await charkha::gather(four);
    CHECK(log.all() == numbers{broken, broken, broken, broken});
    co_await check_whole(b);
  });
}

namespace {

/// The last one to come does `then` to the barrier while the others still have to leave.
template <class Then>
coro<> meet_and(barrier& at, journal<>& log, Then then) {
  int outcome = broken;
  try {
    const auto index = co_await at.wait();
    outcome = static_cast<int>(index);
    if (index == at.parties() - 1) then(at);
  } catch (const broken_barrier_error&) {
  }
  log.add(outcome);
}
template <class Then>
std::vector<task<>> start_and(barrier& at, journal<>& log, int count, Then then) {
  std::vector<task<>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(create_task(meet_and(at, log, then)));
  return tasks;
}
const auto reset_it = [](barrier& at) { at.reset(); };
const auto abort_it = [](barrier& at) { at.abort(); };

}  // namespace

TEST_CASE("test_locks.BarrierTests.reset_barrier_when_tasks_half_draining: reset in the middle of draining") {
  on_every_runtime([]() -> coro<> {
    barrier b(5);
    journal<> log;
    auto parties = start_and(b, log, 5, reset_it);
    co_await charkha::gather(parties);
    CHECK(log.size() == 5);
    CHECK(count_of(log, 4) == 1);
    co_await check_whole(b);
  });
}

TEST_CASE("test_locks.BarrierTests.reset_barrier_when_tasks_half_draining_half_blocking: and with blocked newcomers") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    auto parties = start_and(b, log, 5, reset_it);
    // Those outside are not touched: with as many more as it takes, each of them ends.
    const auto all_ended = [&parties] {
      bool all = true;
      for (const auto& each : parties) all = all && each.done();
      return all;
    };
    journal<> others;
    std::vector<task<>> more;
    while (!all_ended()) {
      if (b.n_waiting() > 0) more.push_back(create_task(meet(b, others)));
      co_await charkha::yield();
    }
    CHECK(log.size() == 5);
    CHECK_FALSE(b.broken());
    b.abort();  // those that were too many
    co_await charkha::gather(more);
  });
}

TEST_CASE("test_locks.BarrierTests.reset_barrier_while_tasks_waiting_and_waiting_again: usable again after reset") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    const auto again = [](barrier& at, journal<>& out) -> coro<> {
      co_await meet(at, out);
      co_await meet(at, out);
    };
    auto first = create_task(again(b, log));
    auto second = create_task(again(b, log));
    co_await fills_to(b, 2);
    b.reset();
    auto third = create_task(meet(b, log));
    co_await charkha::gather(first, second, third);
    CHECK(log.sorted() == numbers{broken, broken, 0, 1, 2});
    co_await check_whole(b);
  });
}

TEST_CASE("test_locks.BarrierTests.reset_barrier_while_tasks_draining: reset while draining completes") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    auto two = start(b, log, 2);
    co_await fills_to(b, 2);
    static_cast<void>(co_await b.wait());  // draining, unless the others were faster
    b.reset();
    co_await charkha::gather(two);
    CHECK(log.size() == 2);
    co_await check_whole(b);
  });
}

TEST_CASE("test_locks.BarrierTests.abort_barrier: abort breaks it for all") {
  on_every_runtime([]() -> coro<> {
    barrier b(5);
    journal<> log;
    auto four = start(b, log, 4);
    co_await fills_to(b, 4);
    b.abort();
    co_await charkha::gather(four);
    CHECK(count_of(log, broken) == 4);
    CHECK(b.broken());
    CHECK(b.n_waiting() == 0);
    co_await meet(b, log);
    CHECK(count_of(log, broken) == 5);
  });
}

TEST_CASE("test_locks.BarrierTests.abort_barrier_when_tasks_half_draining_half_blocking: abort in the middle") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    auto parties = start_and(b, log, 5, abort_it);
    co_await charkha::gather(parties);
    CHECK(log.size() == 5);
    CHECK(count_of(log, 2) == 1);
    CHECK(count_of(log, broken) >= 2);  // those who waited for the next round, at least
    CHECK(b.broken());
  });
}

namespace {

/// One of the parties fails instead of coming, and aborts the barrier for the others.
coro<> fail_at(barrier& at) {
  try {
    co_await charkha::yield();
    throw std::runtime_error("a party's error");
  } catch (const std::runtime_error&) {
    at.abort();
  }
}

}  // namespace

TEST_CASE("test_locks.BarrierTests.abort_barrier_when_exception: a party's error may abort it") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    auto two = start(b, log, 2);
    co_await fail_at(b);
    co_await charkha::gather(two);
    CHECK(log.all() == numbers{broken, broken});
    CHECK(b.broken());
  });
}

TEST_CASE("test_locks.BarrierTests.abort_barrier_when_exception_then_resetting: and reset heals it") {
  on_every_runtime([]() -> coro<> {
    barrier b(3);
    journal<> log;
    auto two = start(b, log, 2);
    co_await fail_at(b);
    co_await charkha::gather(two);
    CHECK(b.broken());
    b.reset();
    co_await check_whole(b);
  });
}
