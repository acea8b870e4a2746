// SPDX-License-Identifier: Apache-2.0
// The queue that gives the newest first. What it shares with the others is tested in queue_test.cpp.
#include "charkha/lifo_queue.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/tracked.hpp"

using charkha::coro;
using charkha::lifo_queue;
using charkha::test::crank;

TEST_CASE("last in, first out") {
  lifo_queue<int> q;
  for (const int item : {3, 1, 2}) CHECK(q.try_put(item));
  CHECK(q.try_get() == 2);
  CHECK(q.try_put(4));
  CHECK(q.try_get() == 4);
  CHECK(q.try_get() == 1);
  CHECK(q.try_get() == 3);
  CHECK_FALSE(q.try_get());
  CHECK(q.try_put(5));
  CHECK(q.try_get() == 5);
}

TEST_CASE("with a bound, putters wait for room and getters for items; what is left is freed") {
  using charkha::test::tracked;
  tracked::reset();
  {
    lifo_queue<tracked> q(2);
    crank wheel;
    std::vector<int> seen;
    auto produce = [](lifo_queue<tracked>& into) -> coro<> {
      for (int i = 0; i < 6; ++i) co_await into.put(tracked(i));
    };
    auto consume = [](lifo_queue<tracked>& from, std::vector<int>& out) -> coro<> {
      for (int i = 0; i < 4; ++i) {
        const auto item = co_await from.get();
        out.push_back(item.value);
      }
    };
    auto p = wheel.start(produce(q));
    auto c = wheel.start(consume(q, seen));
    wheel.run();
    CHECK(p.done());
    CHECK(c.done());
    CHECK(seen[0] == 1);
    CHECK(seen[1] == 0);
    CHECK(q.qsize() == 2);
  }
  CHECK(tracked::alive == 0);
}
