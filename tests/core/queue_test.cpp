// SPDX-License-Identifier: Apache-2.0
// The queue (asyncio's R71-R74), turned by hand.
#include "charkha/queue.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/tracked.hpp"

using charkha::coro;
using charkha::queue;
using charkha::queue_shutdown;
using charkha::task;
using charkha::test::crank;
using charkha::test::tracked;

namespace {

coro<int> take(queue<int>& from) {
  const int item = co_await from.get();
  co_return item;
}
coro<> put(queue<int>& into, int item) { co_await into.put(item); }
coro<> finish(queue<int>& all) { co_await all.join(); }
std::vector<int> drain(queue<int>& from) {
  std::vector<int> items;
  while (from.qsize() > 0) {
    const auto item = from.try_get();
    if (!item) break;
    items.push_back(*item);
  }
  return items;
}
using items = std::vector<int>;

}  // namespace

TEST_CASE("a new one is empty, and full only if it has a bound") {
  const queue<int> open;
  CHECK(open.empty());
  CHECK(open.qsize() == 0);
  CHECK(open.maxsize() == 0);
  CHECK_FALSE(open.full());
  queue<int> bounded(2);
  CHECK(bounded.maxsize() == 2);
  CHECK(bounded.try_put(1));
  CHECK_FALSE(bounded.full());
  CHECK(bounded.try_put(2));
  CHECK(bounded.full());
  CHECK_FALSE(bounded.try_put(3));
  CHECK(bounded.qsize() == 2);
}

TEST_CASE("first in, first out") {
  queue<int> q;
  for (int i = 0; i < 5; ++i) CHECK(q.try_put(i));
  CHECK(drain(q) == items{0, 1, 2, 3, 4});
  CHECK_FALSE(q.try_get());
}

TEST_CASE("put and get do not suspend when they need not (R74)") {
  queue<int> q(1);
  crank wheel;
  auto p = wheel.start(put(q, 7));
  auto g = wheel.start(take(q));
  CHECK(wheel.run() == 2);
  CHECK(p.done());
  CHECK(g.result() == 7);
}

TEST_CASE("a get waits for a put, a put for room") {
  queue<int> q(1);
  crank wheel;
  auto g = wheel.start(take(q));
  wheel.run();
  CHECK_FALSE(g.done());
  CHECK(q.try_put(1));
  wheel.run();
  CHECK(g.result() == 1);
  CHECK(q.try_put(2));
  auto p = wheel.start(put(q, 3));
  wheel.run();
  CHECK_FALSE(p.done());
  const auto item = q.try_get();
  CHECK(item == 2);
  wheel.run();
  CHECK(p.done());
  CHECK(drain(q) == items{3});
}

TEST_CASE("getters get the items in the order in which they came") {
  queue<int> q;
  crank wheel;
  std::vector<task<int>> getters;
  for (int i = 0; i < 3; ++i) getters.push_back(wheel.start(take(q)));
  wheel.run();
  for (int i = 0; i < 3; ++i) CHECK(q.try_put(i));
  wheel.run();
  for (int i = 0; i < 3; ++i) CHECK(getters[static_cast<std::size_t>(i)].result() == i);
}

TEST_CASE("putters put in the order in which they came") {
  queue<int> q(1);
  crank wheel;
  std::vector<task<>> putters;
  for (int i = 0; i < 4; ++i) putters.push_back(wheel.start(put(q, i)));
  wheel.run();
  items seen;
  for (int i = 0; i < 4; ++i) {
    const auto item = q.try_get();
    REQUIRE(item);
    seen.push_back(*item);
    wheel.run();
  }
  CHECK(seen == items{0, 1, 2, 3});
}

TEST_CASE("nobody barges in: an item or room that is meant for a waiter is not for newcomers") {
  queue<int> q(1);
  crank wheel;
  auto g = wheel.start(take(q));
  wheel.run();
  CHECK(q.try_put(1));
  CHECK(q.qsize() == 1);
  CHECK_FALSE(q.try_get());
  auto late = wheel.start(take(q));
  wheel.run();
  CHECK(g.result() == 1);
  CHECK_FALSE(late.done());
  CHECK(q.try_put(2));
  wheel.run();
  CHECK(late.result() == 2);

  CHECK(q.try_put(3));
  auto p = wheel.start(put(q, 4));
  wheel.run();
  CHECK(q.try_get() == 3);
  CHECK(q.empty());
  CHECK_FALSE(q.try_put(5));
  wheel.run();
  CHECK(p.done());
  CHECK(drain(q) == items{4});
}

TEST_CASE("an item that could not be put is left as it was; move-only items pass through") {
  queue<std::unique_ptr<int>> q(1);
  crank wheel;
  auto body = [](queue<std::unique_ptr<int>>& through) -> coro<int> {
    auto first = std::make_unique<int>(1);
    co_await through.put(std::move(first));
    auto second = std::make_unique<int>(2);
    const bool fits = through.try_put(std::move(second));
    CHECK_FALSE(fits);
    REQUIRE(second != nullptr);
    const auto back = co_await through.get();
    co_return *back * 10 + *second;
  };
  auto t = wheel.start(body(q));
  wheel.run();
  CHECK(t.result() == 12);
}

TEST_CASE("items are freed: those that were taken, those that are left, and those of putters that never put") {
  tracked::reset();
  {
    queue<tracked> q(1);
    crank wheel;
    auto body = [](queue<tracked>& into, int value) -> coro<> { co_await into.put(tracked(value)); };
    auto a = wheel.start(body(q, 1));
    auto b = wheel.start(body(q, 2));
    auto c = wheel.start(body(q, 3));
    wheel.run();
    b.cancel();
    wheel.run();
    const auto first = q.try_get();
    REQUIRE(first);
    CHECK(first->value == 1);
  }
  CHECK(tracked::alive == 0);
  CHECK(tracked::copies == 0);
}

TEST_CASE("an item whose construction fails gives its slot back") {
  struct picky {
    explicit picky(int value) {
      if (value < 0) throw std::runtime_error("negative");
    }
  };
  queue<picky> q(1);
  CHECK_THROWS_WITH(static_cast<void>(q.try_put(-1)), "negative");
  CHECK(q.try_put(1));
  CHECK_FALSE(q.try_put(2));
}

TEST_CASE("a cancelled getter loses no item: it goes to the next (R71)") {
  queue<int> q;
  crank wheel;
  auto a = wheel.start(take(q));
  auto b = wheel.start(take(q));
  wheel.run();
  SUBCASE("cancelled, then the put") {
    a.cancel();
    CHECK(q.try_put(1));
  }
  SUBCASE("the put, then cancelled with the item on its way (R31)") {
    CHECK(q.try_put(1));
    a.cancel();
  }
  wheel.run();
  CHECK(a.cancelled());
  CHECK(b.result() == 1);
  CHECK(q.empty());
}

TEST_CASE("a cancelled getter with nobody behind leaves the item in its place") {
  queue<int> q;
  crank wheel;
  auto a = wheel.start(take(q));
  wheel.run();
  CHECK(q.try_put(1));
  CHECK(q.try_put(2));
  a.cancel();
  wheel.run();
  CHECK(a.cancelled());
  CHECK(drain(q) == items{1, 2});
}

TEST_CASE("a cancelled putter puts nothing, and its room goes to the next (R71)") {
  queue<int> q(1);
  crank wheel;
  CHECK(q.try_put(0));
  auto a = wheel.start(put(q, 1));
  auto b = wheel.start(put(q, 2));
  wheel.run();
  SUBCASE("cancelled, then the get") {
    a.cancel();
    CHECK(q.try_get() == 0);
  }
  SUBCASE("the get, then cancelled with the room on its way") {
    CHECK(q.try_get() == 0);
    a.cancel();
  }
  wheel.run();
  CHECK(a.cancelled());
  CHECK(b.done());
  CHECK(drain(q) == items{2});
}

TEST_CASE("join waits until each item is dealt with; task_done too often is an error") {
  queue<int> q;
  crank wheel;
  auto early = wheel.start(finish(q));
  CHECK(wheel.run() == 1);
  CHECK(early.done());
  CHECK(q.try_put(1));
  CHECK(q.try_put(2));
  auto j = wheel.start(finish(q));
  auto k = wheel.start(finish(q));
  wheel.run();
  drain(q);
  wheel.run();
  CHECK_FALSE(j.done());
  q.task_done();
  wheel.run();
  CHECK_FALSE(j.done());
  q.task_done();
  wheel.run();
  CHECK(j.done());
  CHECK(k.done());
  CHECK_THROWS_AS(q.task_done(), charkha::usage_error);
}

TEST_CASE("a cancelled join leaves, the others are woken") {
  queue<int> q;
  crank wheel;
  CHECK(q.try_put(1));
  auto j = wheel.start(finish(q));
  auto k = wheel.start(finish(q));
  wheel.run();
  j.cancel();
  q.task_done();
  wheel.run();
  CHECK(j.cancelled());
  CHECK(k.done());
  CHECK_NOTHROW(k.result());
}

TEST_CASE("shutdown refuses puts and lets what is left be taken (R72)") {
  queue<int> q(2);
  crank wheel;
  CHECK(q.try_put(1));
  CHECK(q.try_put(2));
  auto p = wheel.start(put(q, 3));
  wheel.run();
  q.shutdown();
  q.shutdown();
  wheel.run();
  CHECK_THROWS_AS(p.result(), queue_shutdown);
  CHECK_THROWS_AS(static_cast<void>(q.try_put(4)), queue_shutdown);
  auto late = wheel.start(put(q, 5));
  auto a = wheel.start(take(q));
  auto b = wheel.start(take(q));
  auto c = wheel.start(take(q));
  wheel.run();
  CHECK_THROWS_AS(late.result(), queue_shutdown);
  CHECK(a.result() == 1);
  CHECK(b.result() == 2);
  CHECK_THROWS_AS(c.result(), queue_shutdown);
  CHECK_THROWS_AS(static_cast<void>(q.try_get()), queue_shutdown);
}

TEST_CASE("shutdown wakes those who wait for items that will not come") {
  queue<int> q;
  crank wheel;
  auto a = wheel.start(take(q));
  auto b = wheel.start(take(q));
  wheel.run();
  q.shutdown();
  wheel.run();
  CHECK_THROWS_AS(a.result(), queue_shutdown);
  CHECK_THROWS_AS(b.result(), queue_shutdown);
}

TEST_CASE("an item on its way when the queue is shut down arrives; who waits behind it learns of the end then") {
  queue<int> q;
  crank wheel;
  auto a = wheel.start(take(q));
  auto b = wheel.start(take(q));
  wheel.run();
  CHECK(q.try_put(1));
  q.shutdown();
  SUBCASE("a takes it") {
    wheel.run();
    CHECK(a.result() == 1);
    CHECK_THROWS_AS(b.result(), queue_shutdown);
  }
  SUBCASE("a is cancelled: b gets it") {
    a.cancel();
    wheel.run();
    CHECK(a.cancelled());
    CHECK(b.result() == 1);
  }
}

TEST_CASE("room on its way when the queue is shut down is of no use") {
  queue<int> q(1);
  crank wheel;
  CHECK(q.try_put(1));
  auto p = wheel.start(put(q, 2));
  wheel.run();
  CHECK(q.try_get() == 1);
  q.shutdown();
  wheel.run();
  CHECK_THROWS_AS(p.result(), queue_shutdown);
  CHECK(q.empty());
}

TEST_CASE("shutdown(immediate) drops what is left and counts it as dealt with (R72)") {
  tracked::reset();
  queue<tracked> q;
  crank wheel;
  for (int i = 0; i < 3; ++i) CHECK(q.try_put(tracked(i)));
  {
    auto body = [](queue<tracked>& all) -> coro<> { co_await all.join(); };
    auto taken = q.try_get();
    REQUIRE(taken);
    auto j = wheel.start(body(q));
    wheel.run();
    q.shutdown(true);
    CHECK(tracked::alive == 1);
    wheel.run();
    CHECK_FALSE(j.done());  // the one that was taken is not dealt with
    q.task_done();
    wheel.run();
    CHECK(j.done());
    CHECK_THROWS_AS(q.task_done(), charkha::usage_error);
  }
  CHECK_THROWS_AS(static_cast<void>(q.try_get()), queue_shutdown);
}

TEST_CASE("shutdown(immediate) takes the items from under those for whom they were meant") {
  queue<int> q;
  crank wheel;
  auto a = wheel.start(take(q));
  auto b = wheel.start(take(q));
  wheel.run();
  CHECK(q.try_put(1));
  q.shutdown(true);
  SUBCASE("they learn of the end") {
    wheel.run();
    CHECK_THROWS_AS(a.result(), queue_shutdown);
  }
  SUBCASE("or are cancelled") {
    a.cancel();
    wheel.run();
    CHECK(a.cancelled());
  }
  CHECK_THROWS_AS(b.result(), queue_shutdown);
}

TEST_CASE("task_done before the item was taken, then shutdown(immediate): the count does not run below zero") {
  queue<int> q;
  crank wheel;
  CHECK(q.try_put(1));
  q.task_done();
  q.shutdown(true);
  auto j = wheel.start(finish(q));
  CHECK(wheel.run() == 1);
  CHECK(j.done());
}

TEST_CASE("frames of waiters are destroyed: the item that was meant for one stays in the queue") {
  queue<int> q;
  {
    crank wheel;
    auto a = wheel.start(take(q));
    auto b = wheel.start(take(q));
    wheel.run();
    CHECK(q.try_put(1));
  }
  CHECK(drain(q) == items{1});
}

TEST_CASE("another runtime's task may not wait (R73)") {
  queue<int> q;
  crank wheel, foreign;
  auto a = wheel.start(take(q));
  wheel.run();
  auto b = foreign.start(take(q));
  foreign.run();
  CHECK_THROWS_AS(b.result(), charkha::usage_error);
  auto c = foreign.start(put(q, 1));  // need not wait
  foreign.run();
  CHECK_NOTHROW(c.result());
  wheel.run();
  CHECK(a.result() == 1);
}

TEST_CASE("a report says what a task waits for") {
  queue<int> q;
  CHECK(q.get().describe() == "queue get");
  CHECK(q.put(1).describe() == "queue put");
  CHECK(q.join().describe() == "queue join");
}

TEST_CASE("two producers and two consumers, cancel at every step: nothing is lost, nothing doubled, order is kept") {
  for (std::size_t maxsize = 0; maxsize < 3; ++maxsize) {
    for (int step = 0; step < 30; ++step) {
      for (std::size_t victim = 0; victim < 4; ++victim) {
        CAPTURE(maxsize);
        CAPTURE(step);
        CAPTURE(victim);
        queue<int> q(maxsize);
        items put_in, taken;
        crank wheel;
        auto produce = [](queue<int>& into, items& log, int first) -> coro<> {
          for (int i = 0; i < 5; ++i) {
            co_await into.put(first + i);
            log.push_back(first + i);
          }
        };
        auto consume = [](queue<int>& from, items& log) -> coro<> {
          for (;;) {
            const int item = co_await from.get();
            log.push_back(item);
          }
        };
        std::vector<task<>> tasks;
        tasks.push_back(wheel.start(consume(q, taken)));
        tasks.push_back(wheel.start(produce(q, put_in, 10)));
        tasks.push_back(wheel.start(produce(q, put_in, 20)));
        tasks.push_back(wheel.start(consume(q, taken)));
        for (int i = 0; i < step; ++i) wheel.turn();
        tasks[victim].cancel();
        wheel.run();
        for (const int item : drain(q)) taken.push_back(item);
        for (const int first : {10, 20}) {
          items in, out;
          for (const int item : put_in) {
            if (item / 10 == first / 10) in.push_back(item);
          }
          for (const int item : taken) {
            if (item / 10 == first / 10) out.push_back(item);
          }
          CHECK(in == out);
        }
        q.shutdown();
        wheel.run();
        for (const auto& each : tasks) {
          CHECK(each.done());
          if (each.cancelled()) continue;
          static_cast<void>(each.exception());
        }
      }
    }
  }
}

TEST_CASE("a hundred thousand items through a small queue") {
  queue<int> q(16);
  crank wheel;
  auto produce = [](queue<int>& into) -> coro<> {
    for (int i = 0; i < 100'000; ++i) co_await into.put(i);
    into.shutdown();
  };
  auto consume = [](queue<int>& from) -> coro<int> {
    int next = 0;
    try {
      for (;;) {
        const int item = co_await from.get();
        if (item != next) co_return -1;
        ++next;
      }
    } catch (const queue_shutdown&) {
    }
    co_return next;
  };
  auto p = wheel.start(produce(q));
  auto c = wheel.start(consume(q));
  wheel.run();
  CHECK(p.done());
  CHECK(c.result() == 100'000);
}
