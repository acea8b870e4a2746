// SPDX-License-Identifier: Apache-2.0
// when_all with real tasks on the real scheduler: a scope whose worker counts without atomic operations until a thief, a
// child that suspends or a canceller comes in. Every child ends once, the parent goes on once, after all of them.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>

#include "charkha/cancelled_error.hpp"
#include "charkha/coro.hpp"
#include "charkha/event.hpp"
#include "charkha/when_all.hpp"
#include "charkha/when_any.hpp"
#include "end_mark.hpp"
#include "explore_both_ways.hpp"
#include "model_runtime.hpp"

using charkha::coro;
using charkha::model::end_mark;
using charkha::model::explore_both_ways;
using charkha::model::model_runtime;
using charkha::model::scenario;

namespace {

using cells = std::array<int, 4>;

coro<> child(cells& results, std::size_t index) {
  results[index] += 1;
  co_return;
}

coro<> parent(cells& results, scenario& run, end_mark /*ends*/) {
  co_await charkha::when_all(child(results, 0), child(results, 1), child(results, 2));
  // Plain: whoever ended the last child hands all results on.
  run.check(results == cells{1, 1, 1, 0}, "each child ran once, and all is there");
}

coro<> inner(cells& results) {
  co_await charkha::when_all(child(results, 0), child(results, 1));
  results[2] += 1;
}

coro<> nested(cells& results, scenario& run, end_mark /*ends*/) {
  co_await charkha::when_all(inner(results), child(results, 3));
  run.check(results == cells{1, 1, 1, 1}, "each child ran once, and all is there");
}

coro<> waits(cells& results, charkha::event& happens) {
  co_await happens.wait();
  results[0] += 1;
}

coro<> with_a_waiter(cells& results, charkha::event& happens, end_mark /*ends*/) {
  co_await charkha::when_all(child(results, 1), waits(results, happens), child(results, 2));
}

}  // namespace

TEST_CASE("a scope and a thief") {
  const auto failure =
      explore_both_ways({.name = "when_all: three children, one thief", .preemptions = 2}, 4000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 1);
        auto& results = run.make<cells>();
        auto task = runtime.spawn(parent(results, run, end_mark(runtime)));
        runtime.start();
        run.join();
        run.check(task.done() && !task.cancelled(), "it has ended");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("a scope inside a scope and a thief") {
  const auto failure =
      explore_both_ways({.name = "when_all: nested, one thief", .preemptions = 2}, 4000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 1);
        auto& results = run.make<cells>();
        auto task = runtime.spawn(nested(results, run, end_mark(runtime)));
        runtime.start();
        run.join();
        run.check(task.done() && !task.cancelled(), "it has ended");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("a child waits for what another thread does") {
  const auto failure =
      explore_both_ways({.name = "when_all: a child that waits", .preemptions = 2}, 4000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 1);
        auto& results = run.make<cells>();
        auto& happens = run.make<charkha::event>();
        auto task = runtime.spawn(with_a_waiter(results, happens, end_mark(runtime)));
        runtime.start();
        happens.set();
        run.join();
        run.check(results == cells{1, 1, 1, 0}, "each child ran once, and all is there");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}

TEST_CASE("the parent is cancelled while its children run, wait and are stolen: it ends, and so do they") {
  const auto failure =
      explore_both_ways({.name = "when_all: cancelled from outside", .preemptions = 2}, 4000, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 1);
        auto& results = run.make<cells>();
        auto& happens = run.make<charkha::event>();  // never: only the request ends the wait
        auto task = runtime.spawn(with_a_waiter(results, happens, end_mark(runtime)));
        runtime.start();
        task.cancel();
        run.join();
        run.check(task.cancelled(), "it has ended, cancelled");
        run.check(results[0] == 0 && results[1] <= 1 && results[2] <= 1, "no child ran twice");
      });
  CHECK_MESSAGE(failure.empty(), failure);
}
