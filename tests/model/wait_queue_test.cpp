// SPDX-License-Identifier: Apache-2.0
// What tasks queue for, with real tasks on the real scheduler: a lock handed from one to the next, a semaphore and an
// event whose waiters are cancelled while they are granted. Nobody waits for ever, and nothing that is guarded races.
#include <doctest/doctest.h>

#include <cstddef>

#include "charkha/coro.hpp"
#include "charkha/event.hpp"
#include "charkha/lock.hpp"
#include "charkha/semaphore.hpp"
#include "end_mark.hpp"
#include "explore_both_ways.hpp"
#include "model_runtime.hpp"

using charkha::coro;
using charkha::model::end_mark;
using charkha::model::explore_both_ways;
using charkha::model::model_runtime;
using charkha::model::scenario;

namespace {

coro<> count_under(charkha::lock& guard, int& count, model_runtime& runtime) {
  co_await guard.acquire();
  ++count;
  guard.release();
  runtime.item_ran();
}

coro<> hold_and_pass_on(charkha::lock& guard, end_mark /*ends*/) {
  co_await guard.acquire();
  guard.release();
}

coro<> take_and_give(charkha::semaphore& places, end_mark /*ends*/) {
  co_await places.acquire();
  places.release();
}

coro<> await_event(charkha::event& happens, const int& cargo, scenario& run, model_runtime& runtime) {
  co_await happens.wait();
  run.check(cargo == 1, "what was written before the event is there");
  runtime.item_ran();
}

}  // namespace

TEST_CASE("a lock is handed from task to task, and guards") {
  const auto failure =
      explore_both_ways({.name = "lock: two tasks on two workers", .preemptions = 1}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 2);
        auto& guard = run.make<charkha::lock>();
        auto& count = run.make<int>(0);
        auto a = runtime.spawn(count_under(guard, count, runtime));
        auto b = runtime.spawn(count_under(guard, count, runtime));
        runtime.start();
        run.join();
        run.check(count == 2 && !guard.locked(), "both had it, one after the other");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("a waiter for a lock is cancelled while it is handed over: the next one gets it") {
  const auto failure =
      explore_both_ways({.name = "lock: cancel against hand-over", .preemptions = 1}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 2);
        auto& guard = run.make<charkha::lock>();
        run.check(guard.try_acquire(), "it is free in the beginning");
        auto a = runtime.spawn(hold_and_pass_on(guard, end_mark(runtime)));
        auto b = runtime.spawn(hold_and_pass_on(guard, end_mark(runtime)));
        runtime.start();
        run.thread("canceller", [&] { a.cancel(); });
        guard.release();
        run.join();
        run.check(b.done() && !b.cancelled() && !guard.locked(), "the other one had it, and gave it back");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("a waiter for a semaphore is cancelled while it is granted: its place goes to the next") {
  const auto failure =
      explore_both_ways({.name = "semaphore: cancel against grant", .preemptions = 1}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 2);
        auto& places = run.make<charkha::semaphore>(std::ptrdiff_t{0});
        auto a = runtime.spawn(take_and_give(places, end_mark(runtime)));
        auto b = runtime.spawn(take_and_give(places, end_mark(runtime)));
        runtime.start();
        run.thread("canceller", [&] { a.cancel(); });
        places.release();
        run.join();
        run.check(b.done() && !b.cancelled(), "the other one had the place");
        run.check(places.try_acquire() && !places.try_acquire(), "and the place is there, once");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("an event wakes all who wait, and shows what was written before") {
  const auto failure =
      explore_both_ways({.name = "event: two tasks on two workers", .preemptions = 1}, 3000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 2);
        auto& happens = run.make<charkha::event>();
        auto& cargo = run.make<int>(0);
        auto a = runtime.spawn(await_event(happens, cargo, run, runtime));
        auto b = runtime.spawn(await_event(happens, cargo, run, runtime));
        runtime.start();
        cargo = 1;
        happens.set();
        run.join();
      });
  CHECK_MESSAGE(failure.empty(), failure);
}
