// SPDX-License-Identifier: Apache-2.0
// The primitives' own waiter lists, beside those of wait_queue_test: real tasks on the real scheduler, which wait, are
// granted and are cancelled at once. Nobody waits for ever, nothing is lost, and nothing that is guarded races.
#include <doctest/doctest.h>

#include <cstddef>

#include "charkha/barrier.hpp"
#include "charkha/condition.hpp"
#include "charkha/coro.hpp"
#include "charkha/latch.hpp"
#include "charkha/queue.hpp"
#include "charkha/shared_lock.hpp"
#include "end_mark.hpp"
#include "explore_both_ways.hpp"
#include "model_runtime.hpp"

using charkha::coro;
using charkha::model::end_mark;
using charkha::model::explore_both_ways;
using charkha::model::model_runtime;
using charkha::model::scenario;

namespace {

coro<> put_both(charkha::queue<int>& items, end_mark /*ends*/) {
  co_await items.put(1);
  co_await items.put(2);
}

coro<> get_one(charkha::queue<int>& items, int& got, end_mark /*ends*/) { got = co_await items.get(); }

struct guarded {
  charkha::condition changed;
  bool there = false;
};

coro<> await_change(guarded& shared, end_mark /*ends*/) {
  const auto held = co_await shared.changed.hold();
  while (!shared.there) co_await shared.changed.wait();
  shared.changed.notify();  // one who waits wakes the next
}

coro<> change(guarded& shared, end_mark /*ends*/) {
  const auto held = co_await shared.changed.hold();
  shared.there = true;
  shared.changed.notify();
}

coro<> meet(charkha::barrier& point, int& mine, const int& others, scenario& run, end_mark /*ends*/) {
  mine = 1;
  co_await point.wait();
  run.check(others == 1, "what the other one did before it came is there");
}

coro<> read(charkha::shared_lock& guard, const int& value, scenario& run, end_mark /*ends*/) {
  const auto held = co_await guard.hold_shared();
  run.check(value % 2 == 0, "nobody writes");
}

coro<> write(charkha::shared_lock& guard, int& value, end_mark /*ends*/) {
  const auto held = co_await guard.hold();
  ++value;
  ++value;
}

coro<> await_latch(charkha::latch& all, const int& cargo, scenario& run, end_mark /*ends*/) {
  co_await all.wait();
  run.check(cargo == 1, "what was written before the last arrival is there");
}

}  // namespace

TEST_CASE("queue: of two who get one is cancelled, and each item is with somebody or in the queue") {
  const auto failure =
      explore_both_ways({.name = "queue: put against a cancelled get", .preemptions = 1}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 3);
        auto& items = run.make<charkha::queue<int>>(std::size_t{1});
        auto& first = run.make<int>(0);
        auto& second = run.make<int>(0);
        auto a = runtime.spawn(get_one(items, first, end_mark(runtime)));
        auto b = runtime.spawn(get_one(items, second, end_mark(runtime)));
        auto puts = runtime.spawn(put_both(items, end_mark(runtime)));
        runtime.start();
        run.thread("canceller", [&] { a.cancel(); });
        run.join();
        run.check(b.done() && !b.cancelled() && puts.done(), "who was not cancelled came to his end");
        const int left = items.try_get().value_or(0);
        run.check(first + second + left == 3 && (first == 0) == (left != 0), "both are there, once");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("condition: a waiter is cancelled while it is notified, and the notice is for the other one") {
  const auto failure = explore_both_ways(
      {.name = "condition: notify against a cancelled wait", .preemptions = 1}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 3);
        auto& shared = run.make<guarded>();
        auto a = runtime.spawn(await_change(shared, end_mark(runtime)));
        auto b = runtime.spawn(await_change(shared, end_mark(runtime)));
        auto c = runtime.spawn(change(shared, end_mark(runtime)));
        runtime.start();
        run.thread("canceller", [&] { a.cancel(); });
        run.join();
        run.check(b.done() && !b.cancelled() && c.done(), "who was not cancelled came to his end");
        run.check(!shared.changed.locked(), "nobody has the lock");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("barrier: whoever comes last lets all go on") {
  const auto failure = explore_both_ways({.name = "barrier: two tasks", .preemptions = 2}, 3000, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, 2, 2);
    auto& point = run.make<charkha::barrier>(std::ptrdiff_t{2});
    auto& one = run.make<int>(0);
    auto& two = run.make<int>(0);
    auto a = runtime.spawn(meet(point, one, two, run, end_mark(runtime)));
    auto b = runtime.spawn(meet(point, two, one, run, end_mark(runtime)));
    runtime.start();
    run.join();
    run.check(a.done() && b.done() && !point.broken(), "both went on");
  });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("shared lock: readers beside each other, a writer alone") {
  const auto failure =
      explore_both_ways({.name = "shared lock: two readers, a writer", .preemptions = 2}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 3);
        auto& guard = run.make<charkha::shared_lock>();
        auto& value = run.make<int>(0);
        auto a = runtime.spawn(read(guard, value, run, end_mark(runtime)));
        auto b = runtime.spawn(write(guard, value, end_mark(runtime)));
        auto c = runtime.spawn(read(guard, value, run, end_mark(runtime)));
        runtime.start();
        run.join();
        run.check(value == 2 && !guard.locked() && guard.readers() == 0, "all were inside, nobody is any more");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("shared lock: a writer that waits is cancelled, and the readers behind it go on") {
  const auto failure =
      explore_both_ways({.name = "shared lock: a cancelled writer", .preemptions = 1}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 2);
        auto& guard = run.make<charkha::shared_lock>();
        auto& value = run.make<int>(0);
        run.check(guard.try_acquire_shared(), "the first reader is inside");
        auto writes = runtime.spawn(write(guard, value, end_mark(runtime)));
        auto reads = runtime.spawn(read(guard, value, run, end_mark(runtime)));
        runtime.start();
        run.thread("canceller", [&] { writes.cancel(); });
        guard.release_shared();
        run.join();
        run.check(reads.done() && !reads.cancelled(), "the reader was inside");
        run.check(guard.try_acquire(), "and nobody is any more");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("latch: the last of those who arrive wakes all who wait") {
  const auto failure =
      explore_both_ways({.name = "latch: two arrive, two wait", .preemptions = 1}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 2);
        auto& all = run.make<charkha::latch>(std::ptrdiff_t{2});
        auto& cargo = run.make<int>(0);
        auto a = runtime.spawn(await_latch(all, cargo, run, end_mark(runtime)));
        auto b = runtime.spawn(await_latch(all, cargo, run, end_mark(runtime)));
        runtime.start();
        run.thread("arrives", [&] { all.count_down(); });
        cargo = 1;
        all.count_down();
        run.join();
        run.check(a.done() && b.done(), "both went on");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}
