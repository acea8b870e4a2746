// SPDX-License-Identifier: Apache-2.0
// The cases of CPython 3.13's test_queues, by meaning, on every number of workers, in simulation and on threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <optional>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/journal.hpp"
#include "support/until.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::cancelled_error;
using charkha::coro;
using charkha::create_task;
using charkha::lifo_queue;
using charkha::priority_queue;
using charkha::queue;
using charkha::queue_shutdown;
using charkha::task;
using charkha::usage_error;
using charkha::test::journal;
using charkha::test::on_every_runtime;
using charkha::test::until_waits;
using charkha::test::waits;
using numbers = std::vector<int>;

template <class Queue>
coro<int> take(Queue& from) {
  const int item = co_await from.get();
  co_return item;
}
template <class Queue>
coro<> put(Queue& into, int item) {
  co_await into.put(item);
}
template <class Queue>
coro<> join(Queue& all) {
  co_await all.join();
}
template <class Queue>
numbers drain(Queue& from) {
  numbers items;
  while (!from.empty()) {
    const std::optional<int> item = from.try_get();
    if (!item) break;
    items.push_back(*item);
  }
  return items;
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
/// Waits for its end. True: the queue was shut down.
template <class T>
coro<bool> ended_shut_down(task<T> of) {
  try {
    co_await of;
  } catch (const queue_shutdown&) {
    co_return true;
  }
  co_return false;
}

}  // namespace

// ---- the basics ------------------------------------------------------------------------------------------------------

TEST_CASE("test_queues.QueueBasicTests.empty: empty()") {
  queue<int> q;
  CHECK(q.empty());
  CHECK(q.try_put(1));
  CHECK_FALSE(q.empty());
  CHECK(q.try_get() == 1);
  CHECK(q.empty());
}

TEST_CASE("test_queues.QueueBasicTests.full: full() only with a bound") {
  queue<int> unbounded;
  CHECK_FALSE(unbounded.full());
  CHECK(unbounded.try_put(1));
  CHECK_FALSE(unbounded.full());
  queue<int> one(1);
  CHECK_FALSE(one.full());
  CHECK(one.try_put(1));
  CHECK(one.full());
}

TEST_CASE("test_queues.QueueBasicTests.order: FIFO") {
  queue<int> q;
  for (const int item : {1, 3, 2}) CHECK(q.try_put(item));
  CHECK(drain(q) == numbers{1, 3, 2});
}

TEST_CASE("test_queues.QueueBasicTests.maxsize: a third put waits until a get") {
  on_every_runtime([]() -> coro<> {
    queue<int> q(2);
    CHECK(q.maxsize() == 2);
    journal<> log;
    const auto body = [](queue<int>& into, journal<>& out) -> coro<> {
      for (int i = 1; i <= 3; ++i) {
        co_await into.put(i);
        out.add(i);
      }
    };
    auto putter = create_task(body(q, log));
    co_await until_waits(putter);
    CHECK(log.all() == numbers{1, 2});
    CHECK(q.try_get() == 1);
    co_await putter;
    CHECK(log.all() == numbers{1, 2, 3});
    CHECK(drain(q) == numbers{2, 3});
  });
}

// ---- get -------------------------------------------------------------------------------------------------------------

TEST_CASE("test_queues.QueueGetTests.blocking_get: get on a filled queue does not suspend") {
  on_every_runtime([]() -> coro<> {
    queue<int> q;
    CHECK(q.try_put(1));
    const int item = co_await q.get();
    CHECK(item == 1);
  });
}

TEST_CASE("test_queues.QueueGetTests.blocking_get_wait: get waits for a put") {
  on_every_runtime([]() -> coro<> {
    queue<int> q;
    auto getter = create_task(take(q));
    co_await until_waits(getter);
    co_await q.put(1);
    const int item = co_await getter;
    CHECK(item == 1);
  });
}

TEST_CASE("test_queues.QueueGetTests.nonblocking_get: get_nowait") {
  queue<int> q;
  CHECK(q.try_put(1));
  CHECK(q.try_get() == 1);
}

TEST_CASE("test_queues.QueueGetTests.nonblocking_get_exception: get_nowait on empty is an error") {
  queue<int> q;
  CHECK_FALSE(q.try_get());
}

TEST_CASE("test_queues.QueueGetTests.get_cancelled_race: item goes to the second getter when the first was cancelled") {
  on_every_runtime([]() -> coro<> {
    queue<int> q;
    auto first = create_task(take(q));
    co_await until_waits(first);
    auto second = create_task(take(q));
    co_await until_waits(second);
    first.cancel();
    CHECK(q.try_put(7));
    const int item = co_await second;
    CHECK(item == 7);
    const bool cancelled = co_await ended_cancelled(first);
    CHECK(cancelled);
  });
}

TEST_CASE("test_queues.QueueGetTests.get_with_waiting_putters: waiting putters deliver in order") {
  on_every_runtime([]() -> coro<> {
    queue<int> q(1);
    auto first = create_task(put(q, 1));
    co_await first;
    auto second = create_task(put(q, 2));
    co_await until_waits(second);
    const int a = co_await q.get();
    const int b = co_await q.get();
    CHECK(a == 1);
    CHECK(b == 2);
    co_await second;
  });
}

namespace {

coro<> produce(queue<int>& into, int count) {
  for (int i = 0; i < count; ++i) co_await into.put(i);
}
coro<> consume(queue<int>& from, int count) {
  for (int i = 0; i < count; ++i) static_cast<void>(co_await from.get());
}

}  // namespace

TEST_CASE("test_queues.QueueGetTests.why_are_getters_waiting: 5 items through a bound of 1: nobody is left waiting") {
  on_every_runtime([]() -> coro<> {
    queue<int> q(1);
    co_await charkha::gather(produce(q, 5), consume(q, 5));
    CHECK(q.empty());
  });
}

TEST_CASE(
    "test_queues.QueueGetTests.cancelled_getters_not_being_held_in_self_getters: timed-out getter leaves no trace") {
  on_every_runtime([]() -> coro<> {
    queue<int> q(5);
    bool timed_out = false;
    try {
      const auto body = [&q]() -> coro<> { static_cast<void>(co_await q.get()); };
      co_await charkha::timeout(1ms, body);
    } catch (const charkha::timeout_error&) {
      timed_out = true;
    }
    CHECK(timed_out);
    CHECK(q.try_put(1));
    CHECK(q.try_get() == 1);  // it is meant for nobody
  });
}

// ---- put -------------------------------------------------------------------------------------------------------------

TEST_CASE("test_queues.QueuePutTests.blocking_put: unbounded put does not suspend") {
  on_every_runtime([]() -> coro<> {
    queue<int> q;
    co_await q.put(1);
    CHECK(q.try_get() == 1);
  });
}

TEST_CASE("test_queues.QueuePutTests.blocking_put_wait: bounded put waits for a get") {
  on_every_runtime([]() -> coro<> {
    queue<int> q(1);
    std::atomic<bool> started{false};
    const auto body = [](queue<int>& into, std::atomic<bool>& began) -> coro<> {
      began = true;
      co_await into.put(1);
      co_await into.put(2);
    };
    auto putter = create_task(body(q, started));
    co_await until_waits(putter);
    CHECK(started);
    CHECK(q.try_get() == 1);
    co_await putter;
    CHECK(q.try_get() == 2);
  });
}

TEST_CASE("test_queues.QueuePutTests.nonblocking_put: put_nowait") {
  queue<int> q;
  CHECK(q.try_put(1));
  CHECK(q.try_get() == 1);
}

TEST_CASE("test_queues.QueuePutTests.get_cancel_drop_one_pending_reader: cancelled reader drops no item") {
  on_every_runtime([]() -> coro<> {
    queue<int> q;
    auto reader = create_task(take(q));
    co_await until_waits(reader);
    CHECK(q.try_put(1));
    CHECK(q.try_put(2));
    reader.cancel();
    std::optional<int> item;
    try {
      item = co_await reader;  // it may have had its item already
    } catch (const cancelled_error&) {
    }
    // Cancelled after it had resumed, it has taken its item with it: an end as in "returned, and cancelled" (R27).
    if (!item && q.qsize() == 2) item = co_await q.get();
    if (item) CHECK(*item == 1);
    CHECK(q.try_get() == 2);
  });
}

TEST_CASE("test_queues.QueuePutTests.get_cancel_drop_many_pending_readers: same with three readers") {
  on_every_runtime([]() -> coro<> {
    queue<int> q;
    journal<> log;
    const auto body = [](queue<int>& from, journal<>& out) -> coro<> {
      const int item = co_await from.get();
      out.add(item);
    };
    std::vector<task<>> readers;
    for (int i = 0; i < 3; ++i) {
      readers.push_back(create_task(body(q, log)));
      co_await until_waits(readers.back());
    }
    CHECK(q.try_put(1));
    CHECK(q.try_put(2));
    readers[0].cancel();
    static_cast<void>(co_await ended_cancelled(readers[0]));
    co_await readers[1];
    // Whether or not the first one had its item before the request: none is lost.
    if (log.size() == 1) co_await readers[2];
    if (!readers[2].done() && log.size() == 2) {
      CHECK(q.try_put(3));
      co_await readers[2];
    }
    const auto items = log.sorted();
    CHECK(items[0] == 1);
    CHECK(items[1] == 2);
    CHECK(q.empty());
  });
}

TEST_CASE("test_queues.QueuePutTests.put_cancel_drop: cancelled writer puts nothing or everything") {
  on_every_runtime([]() -> coro<> {
    queue<int> q(1);
    CHECK(q.try_put(1));
    auto writer = create_task(put(q, 2));
    co_await until_waits(writer);
    const int first = co_await q.get();
    CHECK(first == 1);
    writer.cancel();
    static_cast<void>(co_await ended_cancelled(writer));
    // It has put, or it has not; there is room for another or an item.
    const std::optional<int> item = q.try_get();
    if (item) CHECK(*item == 2);
    CHECK(q.try_put(3));
    CHECK(q.try_get() == 3);
  });
}

TEST_CASE("test_queues.QueuePutTests.nonblocking_put_exception: put_nowait on full is an error") {
  queue<int> q(1);
  CHECK(q.try_put(1));
  CHECK_FALSE(q.try_put(2));
  CHECK(drain(q) == numbers{1});
}

TEST_CASE("test_queues.QueuePutTests.put_cancelled: put that needed no wait completes") {
  on_every_runtime([]() -> coro<> {
    queue<int> q;
    auto body = [](queue<int>& into) -> coro<bool> {
      co_await into.put(1);
      co_return true;
    };
    auto putter = create_task(body(q));
    const int item = co_await q.get();
    putter.cancel();
    CHECK(item == 1);
    static_cast<void>(co_await ended_cancelled(putter));
    CHECK(q.empty());
  });
}

TEST_CASE("test_queues.QueuePutTests.put_cancelled_race: cancelled third putter does not disturb the second") {
  on_every_runtime([]() -> coro<> {
    queue<int> q(1);
    CHECK(q.try_put(1));
    auto second = create_task(put(q, 2));
    co_await until_waits(second);
    auto third = create_task(put(q, 3));
    co_await until_waits(third);
    third.cancel();
    const int first = co_await q.get();
    CHECK(first == 1);
    co_await second;
    const bool cancelled = co_await ended_cancelled(third);
    CHECK(cancelled);
    CHECK(drain(q) == numbers{2});
  });
}

TEST_CASE("test_queues.QueuePutTests.put_with_waiting_getters: waiting getter gets it") {
  on_every_runtime([]() -> coro<> {
    queue<int> q;
    auto getter = create_task(take(q));
    co_await until_waits(getter);
    co_await q.put(5);
    const int item = co_await getter;
    CHECK(item == 5);
  });
}

TEST_CASE("test_queues.QueuePutTests.why_are_putters_waiting: getter that drains twice frees all putters") {
  on_every_runtime([]() -> coro<> {
    queue<int> q(2);
    std::vector<task<>> putters;
    for (int i = 0; i < 4; ++i) {
      putters.push_back(create_task(put(q, i)));
      if (i < 2) {
        co_await putters.back();
      } else {
        co_await until_waits(putters.back());
      }
    }
    CHECK(q.qsize() == 2);
    CHECK(q.try_get() == 0);
    CHECK(q.try_get() == 1);
    co_await charkha::gather(putters);
    CHECK(q.qsize() == 2);
  });
}

TEST_CASE("test_queues.QueuePutTests.cancelled_puts_not_being_held_in_self_putters: cancelled putter leaves no trace") {
  on_every_runtime([]() -> coro<> {
    queue<int> q(1);
    co_await q.put(1);
    bool timed_out = false;
    try {
      const auto body = [&q]() -> coro<> { co_await q.put(2); };
      co_await charkha::timeout(1ms, body);
    } catch (const charkha::timeout_error&) {
      timed_out = true;
    }
    CHECK(timed_out);
    CHECK(q.try_get() == 1);
    CHECK(q.try_put(3));  // the room is meant for nobody
    CHECK(drain(q) == numbers{3});
  });
}

TEST_CASE(
    "test_queues.QueuePutTests.cancelled_put_silence_value_error_exception: putter woken and cancelled together: plain "
    "cancel") {
  on_every_runtime([]() -> coro<> {
    queue<int> q(1);
    CHECK(q.try_put(1));
    auto putter = create_task(put(q, 2));
    co_await until_waits(putter);
    CHECK(q.try_get() == 1);
    const bool asked = putter.cancel();
    const bool cancelled = co_await ended_cancelled(putter);
    CHECK(cancelled == asked);  // with that and with nothing else
  });
}

// ---- the other orders ------------------------------------------------------------------------------------------------

TEST_CASE("test_queues.LifoQueueTests.order: last in, first out") {
  lifo_queue<int> q;
  for (const int item : {1, 3, 2}) CHECK(q.try_put(item));
  CHECK(drain(q) == numbers{2, 3, 1});
}

TEST_CASE("test_queues.PriorityQueueTests.order: smallest first") {
  priority_queue<int> q;
  for (const int item : {1, 3, 2}) CHECK(q.try_put(item));
  CHECK(drain(q) == numbers{1, 2, 3});
}

// ---- join ------------------------------------------------------------------------------------------------------------

TEST_CASE("test_queues._QueueJoinTestMixin.task_done_underflow: too many task_done is an error (3 queue kinds)") {
  queue<int> first;
  lifo_queue<int> second;
  priority_queue<int> third;
  CHECK_THROWS_AS(first.task_done(), usage_error);
  CHECK_THROWS_AS(second.task_done(), usage_error);
  CHECK_THROWS_AS(third.task_done(), usage_error);
}

namespace {

template <class Queue>
coro<> work(Queue& from, std::atomic<int>& sum) {
  for (;;) {
    const int item = co_await from.get();
    sum.fetch_add(item);
    co_await charkha::yield();
    from.task_done();
  }
}
template <class Queue>
coro<> two_workers() {
  Queue q;
  std::atomic<int> sum{0};
  for (int i = 0; i < 100; ++i) CHECK(q.try_put(i));
  std::vector<task<>> workers;
  for (int i = 0; i < 2; ++i) workers.push_back(create_task(work(q, sum)));
  co_await q.join();
  CHECK(sum == 99 * 100 / 2);
  CHECK(q.empty());
  for (const auto& each : workers) {
    each.cancel();
    const bool cancelled = co_await ended_cancelled(each);
    CHECK(cancelled);
  }
}
template <class Queue>
coro<> join_nothing() {
  Queue q;
  co_await q.join();
  co_await q.join();
}

}  // namespace

TEST_CASE("test_queues._QueueJoinTestMixin.task_done: join waits for all items of two workers") {
  on_every_runtime(two_workers<queue<int>>);
  on_every_runtime(two_workers<lifo_queue<int>>);
  on_every_runtime(two_workers<priority_queue<int>>);
}

TEST_CASE("test_queues._QueueJoinTestMixin.join_empty_queue: join on empty returns at once") {
  on_every_runtime(join_nothing<queue<int>>);
  on_every_runtime(join_nothing<lifo_queue<int>>);
  on_every_runtime(join_nothing<priority_queue<int>>);
}

// ---- shutdown --------------------------------------------------------------------------------------------------------

namespace {

template <class Queue>
void check_over(Queue& q) {
  CHECK_THROWS_AS(static_cast<void>(q.try_put(9)), queue_shutdown);
  CHECK_THROWS_AS(static_cast<void>(q.try_get()), queue_shutdown);
}

template <class Queue>
coro<> shut_down_empty() {
  Queue q;
  auto getter = create_task(take(q));
  co_await until_waits(getter);
  q.shutdown();
  const bool told = co_await ended_shut_down(getter);
  CHECK(told);
  auto late = create_task(put(q, 1));
  const bool refused = co_await ended_shut_down(late);
  CHECK(refused);
  check_over(q);
  co_await q.join();
}

template <class Queue>
coro<> shut_down_with_items() {
  Queue q(1);
  CHECK(q.try_put(1));
  auto putter = create_task(put(q, 2));
  co_await until_waits(putter);
  q.shutdown();
  const bool refused = co_await ended_shut_down(putter);
  CHECK(refused);
  const int left = co_await q.get();
  CHECK(left == 1);
  check_over(q);
  q.task_done();
  co_await q.join();
}

template <class Queue>
coro<> shut_down_at_once() {
  Queue q;
  for (int i = 0; i < 3; ++i) CHECK(q.try_put(i));
  auto joiner = create_task(join(q));
  co_await until_waits(joiner);
  q.shutdown(true);
  CHECK(q.empty());
  co_await joiner;
  check_over(q);
  bool too_many = false;
  try {
    q.task_done();
  } catch (const usage_error&) {
    too_many = true;
  }
  CHECK(too_many);
}

template <class Queue>
coro<> shut_down_with_unfinished() {
  Queue q;
  for (int i = 0; i < 3; ++i) CHECK(q.try_put(i));
  static_cast<void>(co_await q.get());
  auto joiner = create_task(join(q));
  co_await until_waits(joiner);
  q.shutdown(true);
  CHECK(waits(joiner));
  CHECK_FALSE(joiner.done());
  q.task_done();
  co_await joiner;
  check_over(q);
}

}  // namespace

TEST_CASE("test_queues._QueueShutdownTestMixin.shutdown_empty: shutdown wakes getters, refuses puts") {
  on_every_runtime(shut_down_empty<queue<int>>);
  on_every_runtime(shut_down_empty<lifo_queue<int>>);
  on_every_runtime(shut_down_empty<priority_queue<int>>);
}

TEST_CASE("test_queues._QueueShutdownTestMixin.shutdown_nonempty: items can be drained, then QueueShutDown") {
  on_every_runtime(shut_down_with_items<queue<int>>);
  on_every_runtime(shut_down_with_items<lifo_queue<int>>);
  on_every_runtime(shut_down_with_items<priority_queue<int>>);
}

TEST_CASE("test_queues._QueueShutdownTestMixin.shutdown_immediate: items dropped, join satisfied") {
  on_every_runtime(shut_down_at_once<queue<int>>);
  on_every_runtime(shut_down_at_once<lifo_queue<int>>);
  on_every_runtime(shut_down_at_once<priority_queue<int>>);
}

TEST_CASE(
    "test_queues._QueueShutdownTestMixin.shutdown_immediate_with_unfinished: join still waits for items already "
    "taken") {
  on_every_runtime(shut_down_with_unfinished<queue<int>>);
  on_every_runtime(shut_down_with_unfinished<lifo_queue<int>>);
  on_every_runtime(shut_down_with_unfinished<priority_queue<int>>);
}
