// SPDX-License-Identifier: Apache-2.0
// The list of those who wait for a completion.
#include "charkha/detail/waiter_list.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using charkha::detail::ready_item;
using charkha::detail::waiter_list;

namespace {

struct item final : ready_item {
  void run(charkha::detail::worker_context&) noexcept override {}
};

struct node final : charkha::detail::waiter {
  explicit node(bool gives = true) : gives_item(gives) {}
  [[nodiscard]] ready_item* completed() noexcept override {
    told.fetch_add(1);
    return gives_item ? &ready : nullptr;
  }
  std::atomic<int> told{0};
  bool gives_item;
  item ready;
};

std::vector<ready_item*> drain(waiter_list& list) {
  std::vector<ready_item*> items;
  ready_item* next = nullptr;
  while (list.take(next)) items.push_back(next);
  return items;
}

std::vector<ready_item*> close(waiter_list& list) {
  std::vector<ready_item*> items;
  ready_item* first = nullptr;
  if (!list.close(first)) return items;
  items.push_back(first);
  const auto others = drain(list);
  items.insert(items.end(), others.begin(), others.end());
  return items;
}

}  // namespace

TEST_CASE("an empty list closes and has nobody to tell") {
  waiter_list list;
  CHECK_FALSE(list.is_closed());
  ready_item* none = nullptr;
  CHECK_FALSE(list.close(none));
  CHECK(list.is_closed());
  CHECK_FALSE(list.take(none));
}

TEST_CASE("waiters are told in the order in which they came") {
  waiter_list list;
  node a, b, c;
  CHECK(list.add(a));
  CHECK(list.add(b));
  CHECK(list.add(c));
  CHECK(a.linked());
  CHECK(close(list) == std::vector<ready_item*>{&a.ready, &b.ready, &c.ready});
  CHECK(a.told == 1);
  CHECK(c.told == 1);
  CHECK_FALSE(a.linked());
}

TEST_CASE("a waiter that gives nothing to make ready is told all the same") {
  waiter_list list;
  node a(false), b;
  CHECK(list.add(a));
  CHECK(list.add(b));
  CHECK(close(list) == std::vector<ready_item*>{nullptr, &b.ready});
  CHECK(a.told == 1);
}

TEST_CASE("the first, a middle and the last waiter can be taken out") {
  node nodes[5];
  for (std::size_t gone = 0; gone < 5; ++gone) {
    CAPTURE(gone);
    waiter_list list;
    for (auto& each : nodes) CHECK(list.add(each));
    CHECK(list.remove(nodes[gone]));
    CHECK_FALSE(nodes[gone].linked());
    CHECK_FALSE(list.remove(nodes[gone]));
    std::vector<ready_item*> expected;
    for (std::size_t i = 0; i < 5; ++i) {
      if (i != gone) expected.push_back(&nodes[i].ready);
    }
    CHECK(close(list) == expected);
  }
}

TEST_CASE("the only waiter can be taken out and come again") {
  waiter_list list;
  node a;
  for (int i = 0; i < 3; ++i) {
    CHECK(list.add(a));
    CHECK(list.remove(a));
  }
  CHECK_FALSE(list.is_closed());
  CHECK(close(list).empty());
  CHECK(a.told == 0);
}

TEST_CASE("a closed list lets those inside leave, queues newcomers behind them, and refuses them when it is empty") {
  waiter_list list;
  node first, leaving, staying, late, later, too_late;
  CHECK(list.add(first));
  CHECK(list.add(leaving));
  CHECK(list.add(staying));
  ready_item* item = nullptr;
  CHECK(list.close(item));
  CHECK(item == &first.ready);
  CHECK(list.add(late));
  CHECK(list.remove(leaving));
  CHECK(list.is_closed());
  CHECK(list.take(item));
  CHECK(item == &staying.ready);
  CHECK(list.add(later));
  CHECK(drain(list) == std::vector<ready_item*>{&late.ready, &later.ready});
  CHECK_FALSE(list.add(too_late));
  CHECK_FALSE(too_late.linked());
  CHECK(leaving.told == 0);
}

TEST_CASE("a waiter that was told cannot be taken out") {
  waiter_list list;
  node a, b;
  CHECK(list.add(a));
  CHECK(list.add(b));
  ready_item* first = nullptr;
  CHECK(list.close(first));
  CHECK_FALSE(list.remove(a));
  CHECK(list.remove(b));
  CHECK_FALSE(list.take(first));
  CHECK(a.told == 1);
  CHECK(b.told == 0);
}

TEST_CASE("what was written before close is visible to whoever sees it closed") {
  for (int round = 0; round < 200; ++round) {
    waiter_list list;
    int result = 0;
    std::thread completer([&] {
      result = 42;
      CHECK(close(list).empty());
    });
    while (!list.is_closed()) {
    }
    CHECK(result == 42);
    completer.join();
  }
}

TEST_CASE("threads add, leave and complete: each waiter is told once or left, never both") {
  constexpr int threads = 3, each = 200;
  for (int round = 0; round < 30; ++round) {
    waiter_list list;
    std::vector<std::unique_ptr<node>> nodes;
    for (int i = 0; i < threads * each; ++i) nodes.push_back(std::make_unique<node>());
    std::atomic<int> refused{0}, left{0}, arrived{0};
    std::vector<std::thread> crowd;
    for (int t = 0; t < threads; ++t) {
      crowd.emplace_back([&, t] {
        for (int i = 0; i < each; ++i) {
          node& here = *nodes[static_cast<std::size_t>(t * each + i)];
          if (!list.add(here)) {
            refused.fetch_add(1);
          } else if (i % 3 == 0 && list.remove(here)) {
            left.fetch_add(1);
          }
          arrived.fetch_add(1);
        }
      });
    }
    while (arrived.load() < threads * each / 2) {
    }
    const auto told = close(list);
    for (auto& thread : crowd) thread.join();
    CHECK(drain(list).empty());
    CHECK(static_cast<int>(told.size()) + refused + left == threads * each);
    for (const auto& here : nodes) {
      CHECK(here->told <= 1);
      CHECK_FALSE(here->linked());
    }
  }
}
