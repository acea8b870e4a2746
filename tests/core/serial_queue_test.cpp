// SPDX-License-Identifier: Apache-2.0
// Items that run one after another on whichever worker has time. The turns are played by hand: by one worker, by two
// that hold turns at the same time, and by real threads.
#include "charkha/detail/serial_queue.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "charkha/detail/executor.hpp"
#include "support/inert_executor.hpp"

namespace {

using charkha::detail::ready_item;
using charkha::detail::ready_kind;
using charkha::detail::serial_item;
using charkha::detail::serial_queue;
using charkha::detail::worker_context;

/// Keeps what is made ready.
class shelf final : public charkha::test::inert_executor {
 public:
  void make_ready(ready_item& item, ready_kind /*kind*/) noexcept override {
    const std::lock_guard guard(mutex_);
    items_.push_back(&item);
  }
  [[nodiscard]] ready_item* take() {
    const std::lock_guard guard(mutex_);
    if (items_.empty()) return nullptr;
    ready_item* first = items_.front();
    items_.erase(items_.begin());
    return first;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard guard(mutex_);
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<ready_item*> items_;
};

class seat final : public worker_context {
 public:
  explicit seat(charkha::detail::executor& runtime) : worker_context(runtime, false) {}
  void enqueue(ready_item& item, charkha::detail::ready_kind kind) noexcept override { owner.make_ready(item, kind); }
  void wake_thieves() noexcept override {}
};

struct tally {
  std::vector<int> ran;
  int discarded = 0;
  std::atomic<int> inside{0};
  std::atomic<bool> overlap{false};
};

class note final : public serial_item {
 public:
  note(tally& book, int number) noexcept : book_(book), number_(number) {}
  void run_serially(worker_context& /*worker*/) noexcept override {
    if (book_.inside.fetch_add(1, std::memory_order_relaxed) != 0) book_.overlap.store(true);
    book_.ran.push_back(number_);
    if (during) during();
    book_.inside.fetch_sub(1, std::memory_order_relaxed);
  }
  void discard_serially() noexcept override { ++book_.discarded; }
  std::function<void()> during;

 private:
  tally& book_;
  int number_;
};

}  // namespace

TEST_CASE("each turn runs one item, in the order in which they came") {
  shelf runtime;
  seat worker(runtime);
  tally book;
  auto* queue = new serial_queue(runtime);
  note a(book, 1), b(book, 2);
  ready_item* first = queue->push(a);
  ready_item* second = queue->push(b);
  CHECK(first == second);
  first->run(worker);
  CHECK(book.ran == std::vector<int>{1});
  second->run(worker);
  CHECK(book.ran == std::vector<int>{1, 2});
  queue->drop_reference();
}

TEST_CASE("a turn that comes while an item runs is taken by the one who serves the queue") {
  shelf runtime;
  seat here(runtime), there(runtime);
  tally book;
  auto* queue = new serial_queue(runtime);
  note a(book, 1), b(book, 2);
  a.during = [&] {
    CHECK(queue->is_served_by(here));
    CHECK_FALSE(queue->is_served_by(there));
    queue->push(b)->run(there);  // another worker has the second turn: it goes away at once
    CHECK(book.ran == std::vector<int>{1});
  };
  queue->push(a)->run(here);
  CHECK(book.ran == std::vector<int>{1, 2});
  CHECK_FALSE(book.overlap.load());
  CHECK_FALSE(queue->is_served_by(here));
  queue->drop_reference();
}

TEST_CASE("a busy queue gives way after 61 items and goes on later") {
  shelf runtime;
  seat here(runtime), there(runtime);
  tally book;
  auto* queue = new serial_queue(runtime);
  std::vector<std::unique_ptr<note>> notes;
  for (int i = 0; i < 200; ++i) notes.push_back(std::make_unique<note>(book, i));
  notes[0]->during = [&] {
    for (std::size_t i = 1; i < notes.size(); ++i) queue->push(*notes[i])->run(there);
  };
  queue->push(*notes[0])->run(here);
  CHECK(book.ran.size() == 61);
  CHECK(runtime.size() == 1);
  SUBCASE("run on") {
    while (ready_item* item = runtime.take()) item->run(there);
    CHECK(book.ran.size() == 200);
    CHECK(book.ran.back() == 199);
  }
  SUBCASE("torn down meanwhile: the rest is discarded") {
    runtime.take()->discard();
    CHECK(book.discarded == 139);
  }
  queue->drop_reference();
}

TEST_CASE("a turn that is discarded discards its item; the queue lives until its last turn") {
  shelf runtime;
  tally book;
  auto* queue = new serial_queue(runtime);
  note a(book, 1), b(book, 2);
  ready_item* turn = queue->push(a);
  static_cast<void>(queue->push(b));
  queue->drop_reference();
  turn->discard();
  CHECK(book.discarded == 1);
  turn->discard();
  CHECK(book.discarded == 2);
}

TEST_CASE("pushed and served by four threads: never two at once, nothing lost, each pusher's order kept") {
  shelf runtime;
  tally book;
  auto* queue = new serial_queue(runtime);
  constexpr int threads = 4, each = 2000;
  std::vector<std::unique_ptr<note>> notes;
  for (int i = 0; i < threads * each; ++i) notes.push_back(std::make_unique<note>(book, i));
  std::vector<std::thread> workers;
  for (int w = 0; w < threads; ++w) {
    workers.emplace_back([&, w] {
      seat here(runtime);
      for (int i = 0; i < each; ++i) {
        queue->push(*notes[static_cast<std::size_t>(w * each + i)])->run(here);
        while (ready_item* relay = runtime.take()) relay->run(here);
      }
    });
  }
  for (auto& worker : workers) worker.join();
  seat last(runtime);
  while (ready_item* relay = runtime.take()) relay->run(last);
  CHECK_FALSE(book.overlap.load());
  REQUIRE(book.ran.size() == static_cast<std::size_t>(threads * each));
  std::vector<int> next(threads, 0);
  bool ordered = true;
  for (const int number : book.ran) {
    const auto pusher = static_cast<std::size_t>(number / each);
    ordered = ordered && number % each == next[pusher];
    ++next[pusher];
  }
  CHECK(ordered);
  queue->drop_reference();
}

TEST_CASE("the queue of a place is made once, whoever comes first") {
  shelf runtime;
  for (int round = 0; round < 100; ++round) {
    std::atomic<serial_queue*> place{nullptr};
    serial_queue* seen[2] = {};
    std::thread other([&] { seen[0] = &charkha::detail::first_queue(place, runtime); });
    seen[1] = &charkha::detail::first_queue(place, runtime);
    other.join();
    REQUIRE(seen[0] == seen[1]);
    seen[0]->drop_reference();
  }
}
