// SPDX-License-Identifier: Apache-2.0
// Tasks of one strand, woken from several sides at once: never two at a time, each of them once, and nobody touches a task
// whose turn another one's wake-up has given it.
#include "charkha/strand.hpp"

#include <doctest/doctest.h>

#include <utility>

#include "charkha/coro.hpp"
#include "charkha/event.hpp"
#include "end_mark.hpp"
#include "explore_both_ways.hpp"
#include "model_runtime.hpp"

using charkha::coro;
using charkha::model::end_mark;
using charkha::model::explore_both_ways;
using charkha::model::model_runtime;
using charkha::model::scenario;

namespace {

struct meeting {
  charkha::event one;
  charkha::event two;
  int count = 0;  // the strand guards it
};

coro<> wait_and_count(charkha::event& happens, int& count, end_mark /*ends*/) {
  ++count;
  co_await happens.wait();
  ++count;
}

// Without handles: a task's block goes when it ends.
coro<> begin_both(meeting& at, model_runtime& runtime, end_mark /*ends*/) {
  charkha::strand one_at_a_time;
  static_cast<void>(one_at_a_time.create_task(wait_and_count(at.one, at.count, end_mark(runtime))));
  static_cast<void>(one_at_a_time.create_task(wait_and_count(at.two, at.count, end_mark(runtime))));
  co_return;
}

}  // namespace

TEST_CASE("two tasks of a strand are woken by two threads") {
  const auto failure = explore_both_ways({.name = "strand: two wake-ups", .preemptions = 1}, 20'000, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, 2, 3);
    auto& at = run.make<meeting>();
    static_cast<void>(runtime.spawn(begin_both(at, runtime, end_mark(runtime))));
    runtime.start();
    run.thread("wakes one", [&] { at.one.set(); });
    at.two.set();
    run.join();
    run.check(at.count == 4, "both went on, one after the other");
  });
  CHECK_MESSAGE(failure.empty(), failure);
}
