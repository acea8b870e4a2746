// SPDX-License-Identifier: Apache-2.0
// The queue that gives the least first. What it shares with the others is tested in queue_test.cpp.
#include "charkha/priority_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/seeds.hpp"
#include "support/tracked.hpp"

using charkha::coro;
using charkha::priority_queue;
using charkha::test::crank;
using charkha::test::tracked;

namespace {

struct by_first {
  bool operator()(const std::pair<int, int>& a, const std::pair<int, int>& b) const { return a.first < b.first; }
};
struct by_target {
  bool operator()(const std::unique_ptr<int>& a, const std::unique_ptr<int>& b) const { return *a < *b; }
};
struct by_value {
  bool operator()(const tracked& a, const tracked& b) const { return a.value < b.value; }
};

}  // namespace

TEST_CASE("the least first, whatever the order of putting") {
  priority_queue<int> q;
  for (const int item : {3, 1, 2}) CHECK(q.try_put(item));
  for (const int expected : {1, 2, 3}) CHECK(q.try_get() == expected);
  CHECK_FALSE(q.try_get());
  priority_queue<int, std::greater<>> reversed;
  for (const int item : {3, 1, 2}) CHECK(reversed.try_put(item));
  CHECK(reversed.try_get() == 3);
}

TEST_CASE("equal ones in the order in which they were put") {
  priority_queue<std::pair<int, int>, by_first> q;
  for (int i = 0; i < 100; ++i) CHECK(q.try_put(std::pair(i % 3, i)));
  std::pair<int, int> last(-1, -1);
  for (int i = 0; i < 100; ++i) {
    const auto item = q.try_get();
    REQUIRE(item);
    CHECK(last < *item);
    last = *item;
  }
}

TEST_CASE("against a multiset, at random") {
  for (const auto seed : charkha::test::seeds(20)) {
    CAPTURE(seed);
    std::minstd_rand random(static_cast<unsigned>(seed));
    priority_queue<unsigned> q;
    std::multiset<unsigned> model;
    for (int i = 0; i < 2000; ++i) {
      if (random() % 5 < 3) {
        const auto item = static_cast<unsigned>(random() % 1000);
        CHECK(q.try_put(item));
        model.insert(item);
      } else {
        const auto item = q.try_get();
        REQUIRE(item.has_value() == !model.empty());
        if (!item) continue;
        CHECK(*item == *model.begin());
        model.erase(model.begin());
      }
      REQUIRE(q.qsize() == model.size());
    }
  }
}

TEST_CASE("rising and falling runs of a hundred thousand neither recurse nor take long") {
  for (const bool rising : {true, false}) {
    priority_queue<int> q, dropped;
    int wrong = 0;
    for (int i = 0; i < 100'000; ++i) {
      if (!q.try_put(rising ? i : -i) || !dropped.try_put(rising ? i : -i)) ++wrong;
    }
    for (int i = 0; i < 100'000; ++i) {
      if (q.try_get() != (rising ? i : i - 99'999)) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(dropped.qsize() == 100'000);
  }
}

TEST_CASE("move-only items; those that are left or dropped by a shutdown are freed") {
  priority_queue<std::unique_ptr<int>, by_target> q;
  for (const int item : {2, 1}) CHECK(q.try_put(std::make_unique<int>(item)));
  const auto least = q.try_get();
  REQUIRE(least);
  CHECK(**least == 1);

  tracked::reset();
  {
    priority_queue<tracked, by_value> left, shut;
    for (int i = 0; i < 10; ++i) {
      CHECK(left.try_put(tracked(i * 7 % 10)));
      CHECK(shut.try_put(tracked(i)));
    }
    shut.shutdown(true);
    CHECK(tracked::alive == 10);
  }
  CHECK(tracked::alive == 0);
}

TEST_CASE("a getter that waited gets the least there is when it resumes, as in asyncio") {
  priority_queue<int> q;
  crank wheel;
  auto body = [](priority_queue<int>& from) -> coro<int> {
    const int item = co_await from.get();
    co_return item;
  };
  auto g = wheel.start(body(q));
  wheel.run();
  CHECK(q.try_put(2));
  CHECK(q.try_put(1));
  wheel.run();
  CHECK(g.result() == 1);
  CHECK(q.try_get() == 2);
}
