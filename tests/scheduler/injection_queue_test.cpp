// SPDX-License-Identifier: Apache-2.0
// The queue for work from foreign threads.
#include "injection_queue.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using charkha::detail::injection_queue;
using charkha::detail::ready_item;

namespace {

struct item final : ready_item {
  item() noexcept = default;
  void run(charkha::detail::worker_context&) noexcept override {}
  int from = 0, number = 0;
  std::atomic<int> given{0};
};

}  // namespace

TEST_CASE("an empty queue says so and gives nothing") {
  injection_queue queue;
  CHECK(queue.empty());
  CHECK(queue.try_pop() == nullptr);
}

TEST_CASE("first in, first out") {
  injection_queue queue;
  item a, b, c;
  queue.push(&a);
  CHECK_FALSE(queue.empty());
  queue.push(&b);
  CHECK(queue.try_pop() == &a);
  queue.push(&c);
  CHECK(queue.try_pop() == &b);
  CHECK(queue.try_pop() == &c);
  CHECK(queue.empty());
  CHECK(queue.try_pop() == nullptr);
  queue.push(&a);
  CHECK_FALSE(queue.empty());
  CHECK(queue.try_pop() == &a);
}

TEST_CASE("the same item may come again once it was taken") {
  injection_queue queue;
  item a;
  for (int i = 0; i < 1000; ++i) {
    queue.push(&a);
    CHECK(queue.try_pop() == &a);
  }
  CHECK(queue.empty());
}

TEST_CASE("many threads push and pop: every item once, each pusher's in order") {
  constexpr int pushers = 2, each = 5000;
  std::vector<std::unique_ptr<item>> items;
  injection_queue queue;
  for (int p = 0; p < pushers; ++p) {
    for (int i = 0; i < each; ++i) {
      items.push_back(std::make_unique<item>());
      items.back()->from = p;
      items.back()->number = i;
    }
  }
  std::atomic<int> popped{0};
  std::vector<std::thread> crowd;
  for (int p = 0; p < pushers; ++p) {
    crowd.emplace_back([&, p] {
      for (int i = 0; i < each; ++i) queue.push(items[static_cast<std::size_t>(p * each + i)].get());
    });
  }
  std::atomic<bool> in_order{true};
  for (int c = 0; c < 2; ++c) {
    crowd.emplace_back([&] {
      int last[pushers] = {-1, -1};
      while (popped.load() < pushers * each) {
        auto* next = static_cast<item*>(queue.try_pop());
        if (next == nullptr) {
          std::this_thread::yield();
          continue;
        }
        next->given.fetch_add(1);
        popped.fetch_add(1);
        if (next->number <= last[next->from]) in_order = false;
        last[next->from] = next->number;
      }
    });
  }
  for (auto& thread : crowd) thread.join();
  CHECK(in_order);
  bool once = true;
  for (const auto& each_item : items) once = once && each_item->given == 1;
  CHECK(once);
  CHECK(queue.empty());
}

TEST_CASE("a push that has returned is seen by whoever asks afterwards") {
  injection_queue queue;
  item a;
  std::thread([&] { queue.push(&a); }).join();
  CHECK_FALSE(queue.empty());
  CHECK(queue.try_pop() == &a);
}
