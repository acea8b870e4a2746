// SPDX-License-Identifier: Apache-2.0
// Blocks that one thread frees and another one takes: each is with one of them, and who takes it sees what was done with
// it.
#include "frame_spans.hpp"

#include <doctest/doctest.h>

#include "checker/scenario.hpp"

using charkha::detail::frame_cache;
using charkha::detail::frame_spans;
using charkha::model::explore;
using charkha::model::scenario;

namespace {

using block = frame_cache::free_block;

constexpr std::size_t largest = frame_cache::classes - 1;  // the fewest blocks to a span

block* take_one(scenario& run, frame_spans& from, std::size_t size_class) {
  const auto taken = from.take(size_class, 1);
  run.check(taken.length == 1 && taken.first->next == nullptr, "one, by itself");
  return taken.first;
}

}  // namespace

TEST_CASE("two threads take and give blocks of one class") {
  const auto found = explore({.name = "frame spans: two threads", .preemptions = 3}, [](scenario& run) {
    auto& spans = run.make<frame_spans>();
    const auto use = [&] {
      block* const mine = take_one(run, spans, largest);
      mine[1].next = mine;
      run.check(mine[1].next == mine, "nobody else writes to it");
      spans.give(largest, mine);
    };
    run.thread("a", use);
    run.thread("b", use);
    run.join();
    const auto mapped = spans.regions();
    spans.give(largest, take_one(run, spans, largest));
    run.check(spans.regions() == mapped, "what came back is used again");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("one thread's blocks are given by another one while it takes more") {
  const auto found = explore({.name = "frame spans: given elsewhere"}, [](scenario& run) {
    auto& spans = run.make<frame_spans>();
    block* const first = take_one(run, spans, largest);
    block* const second = take_one(run, spans, largest);
    first->next = second;
    run.thread("gives", [&] { spans.give(largest, first); });
    block* const third = take_one(run, spans, largest);
    third[1].next = third;
    block* const other = take_one(run, spans, largest - 1);  // perhaps of the span that became empty
    other[1].next = other;
    run.join();
    run.check(third[1].next == third && other[1].next == other, "each is in one place");
    spans.give(largest, third);
    spans.give(largest - 1, other);
    run.check(spans.regions() == 1, "all of it came back");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
