// SPDX-License-Identifier: Apache-2.0
// The worker's own code, worker.cpp, with all that it works on: whoever makes something ready need not know who sleeps,
// and yet it runs. A lost wake-up is an execution in which everybody is blocked.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "charkha/detail/executor.hpp"
#include "checker/scenario.hpp"
#include "model_runtime.hpp"

using namespace charkha::detail;  // NOLINT(google-build-using-namespace)
using charkha::model::explore;
using charkha::model::model_runtime;
using charkha::model::scenario;

namespace {

// Runs once, and then makes others ready.
class item final : public ready_item {
 public:
  explicit item(model_runtime& of) noexcept : runtime_(of) {}
  void then(item& next, ready_kind kind) noexcept {
    next_[count_] = &next;
    kinds_[count_++] = kind;
  }
  void run(worker_context& worker) noexcept override {
    for (std::size_t i = 0; i < count_; ++i) worker.owner.make_ready(*next_[i], kinds_[i]);
    runtime_.item_ran();
  }

 private:
  model_runtime& runtime_;
  std::array<item*, 2> next_{};
  std::array<ready_kind, 2> kinds_{};
  std::size_t count_ = 0;
};

// Makes another one ready and waits for it inside its step: only another worker can run that.
class dependent_item final : public ready_item {
 public:
  dependent_item(model_runtime& of, ready_item& needed, const std::atomic<bool>& over) noexcept
      : runtime_(of), needed_(needed), over_(over) {}
  void run(worker_context& worker) noexcept override {
    worker.owner.make_ready(needed_, ready_kind::created);
    charkha::model::await(over_);
    runtime_.item_ran();
  }

 private:
  model_runtime& runtime_;
  ready_item& needed_;
  const std::atomic<bool>& over_;
};

class needed_item final : public ready_item {
 public:
  explicit needed_item(model_runtime& of) noexcept : runtime_(of) {}
  void run(worker_context& /*worker*/) noexcept override {
    over.store(true, std::memory_order_release);
    runtime_.item_ran();
  }
  std::atomic<bool> over{false};

 private:
  model_runtime& runtime_;
};

// Waits inside its step for another one, which others make ready.
class waiting_item final : public ready_item {
 public:
  waiting_item(model_runtime& of, const std::atomic<bool>& over) noexcept : runtime_(of), over_(over) {}
  void run(worker_context& /*worker*/) noexcept override {
    charkha::model::await(over_);
    runtime_.item_ran();
  }

 private:
  model_runtime& runtime_;
  const std::atomic<bool>& over_;
};

// A timer that makes an item ready, or nothing.
class ready_timer final : public timer_entry {
 public:
  explicit ready_timer(ready_item* due = nullptr) noexcept : timer_entry(true), due_(due) {}
  [[nodiscard]] ready_item* expire() noexcept override { return due_; }

 private:
  ready_item* due_;
};

// Arms timers and ends.
class setting_item final : public ready_item {
 public:
  setting_item(model_runtime& of, timer_entry& early, timer_entry& late) noexcept
      : runtime_(of), early_(early), late_(late) {}
  void run(worker_context& here) noexcept override {
    runtime_.state().arm(static_cast<worker&>(here), early_, 5000);
    runtime_.state().arm(static_cast<worker&>(here), late_, 9000);
    runtime_.item_ran();
  }

 private:
  model_runtime& runtime_;
  timer_entry& early_;
  timer_entry& late_;
};

// A timer whose expiry the step that armed it waits for: the worker is inside that step until somebody else is awake in
// time.
class awaited_timer final : public timer_entry {
 public:
  awaited_timer() noexcept : timer_entry(true) {}
  [[nodiscard]] ready_item* expire() noexcept override {
    expired_.store(true, std::memory_order_release);
    return nullptr;
  }
  void wait() const noexcept { charkha::model::await(expired_); }

 private:
  std::atomic<bool> expired_{false};
};

class arming_item final : public ready_item {
 public:
  arming_item(model_runtime& of, std::size_t timers) noexcept : runtime_(of), timers_(timers) {}
  void run(worker_context& here) noexcept override {
    // Each earlier than the one before: whoever sleeps until that one is to be woken.
    for (std::size_t i = 0; i < timers_; ++i) {
      runtime_.state().arm(static_cast<worker&>(here), each_[i], 9000 - 4000 * static_cast<int>(i));
    }
    for (std::size_t i = timers_; i-- > 0;) each_[i].wait();
    for (std::size_t i = 0; i < timers_; ++i) timer_driver::disarm(each_[i]);
    runtime_.item_ran();
  }

 private:
  model_runtime& runtime_;
  std::size_t timers_;
  std::array<awaited_timer, 2> each_;
};

}  // namespace

TEST_CASE("an item from outside runs, however its push falls between the workers' looks and their parking") {
  const auto found =
      explore({.name = "parking: one item from outside, two workers", .preemptions = 2}, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 1);
        auto& first = run.make<item>(runtime);
        runtime.start();
        runtime.state().make_ready(first, ready_kind::created);
        run.join();
      });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("two threads outside make something ready at once") {
  const auto found =
      explore({.name = "parking: two items from two threads outside", .preemptions = 1}, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 2);
        auto& first = run.make<item>(runtime);
        auto& second = run.make<item>(runtime);
        runtime.start();
        run.thread("outside", [&] { runtime.state().make_ready(second, ready_kind::created); });
        runtime.state().make_ready(first, ready_kind::created);
        run.join();
      });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("an item makes two others ready: no worker has to be awake for them") {
  const auto found =
      explore({.name = "parking: an item makes two ready, two workers", .preemptions = 1}, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 3);
        auto& first = run.make<item>(runtime);
        auto& second = run.make<item>(runtime);
        auto& third = run.make<item>(runtime);
        first.then(second, ready_kind::woken);
        first.then(third, ready_kind::created);
        runtime.start();
        runtime.state().make_ready(first, ready_kind::created);
        run.join();
      });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("an item waits in its step for one that it made ready: another worker is awake, or is woken") {
  const auto body = [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, 2, 2);
    auto& needed = run.make<needed_item>(runtime);
    auto& first = run.make<dependent_item>(runtime, needed, needed.over);
    runtime.state().make_ready(first, ready_kind::created);
    runtime.start();
    run.join();
  };
  const auto found = explore({.name = "parking: an item needs one that it made ready", .preemptions = 2}, body);
  CHECK_MESSAGE(found.holds(), found.failure);
  const auto more = explore({.name = "parking: the same at random", .random = 5000, .changes = 4}, body);
  CHECK_MESSAGE(more.holds(), more.failure);
}

TEST_CASE("two items from outside, of which the first waits for the second: the last searcher sees to it") {
  const auto body = [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, 2, 2);
    auto& needed = run.make<needed_item>(runtime);
    auto& first = run.make<waiting_item>(runtime, needed.over);
    runtime.start();
    charkha::model::yield();
    runtime.state().make_ready(first, ready_kind::created);
    runtime.state().make_ready(needed, ready_kind::created);
    run.join();
  };
  const auto found = explore({.name = "parking: an item needs the next one from outside", .preemptions = 1}, body);
  CHECK_MESSAGE(found.holds(), found.failure);
  const auto more = explore({.name = "parking: the next one, at random", .random = 20'000, .changes = 4}, body);
  CHECK_MESSAGE(more.holds(), more.failure);
}

TEST_CASE("when the keeper has woken for one timer, somebody sleeps no longer than until the next") {
  // The keeper finds nothing else and parks again, behind one who sleeps without a deadline.
  const auto alone = explore({.name = "parking: the keeper parks again", .preemptions = 1}, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, 2, 2);
    auto& last = run.make<item>(runtime);
    auto& early = run.make<ready_timer>();
    auto& late = run.make<ready_timer>(&last);
    auto& first = run.make<setting_item>(runtime, early, late);
    runtime.state().make_ready(first, ready_kind::created);
    runtime.start();
    run.join();
  });
  CHECK_MESSAGE(alone.holds(), alone.failure);
  // The keeper finds an item that waits in its step for the second timer.
  const auto busy = explore({.name = "parking: the keeper finds work", .preemptions = 1}, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, 2, 3);
    auto& needed = run.make<needed_item>(runtime);
    auto& waits = run.make<waiting_item>(runtime, needed.over);
    auto& early = run.make<ready_timer>(&waits);
    auto& late = run.make<ready_timer>(&needed);
    auto& first = run.make<setting_item>(runtime, early, late);
    runtime.state().make_ready(first, ready_kind::created);
    runtime.start();
    run.join();
  });
  CHECK_MESSAGE(busy.holds(), busy.failure);
}

TEST_CASE("one worker parks and is woken") {
  const auto found = explore({.name = "parking: one worker, two items in turn", .preemptions = 3}, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, 1, 2);
    auto& first = run.make<item>(runtime);
    auto& second = run.make<item>(runtime);
    runtime.start();
    runtime.state().make_ready(first, ready_kind::created);
    runtime.state().make_ready(second, ready_kind::created);
    run.join();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("a timer that is armed while another worker parks is collected in time") {
  const auto found =
      explore({.name = "parking: a timer is armed while the keeper parks", .preemptions = 2}, [](scenario& run) {
        auto& runtime = run.make<model_runtime>(run, 2, 1);
        auto& first = run.make<arming_item>(runtime, std::size_t{1});
        runtime.state().make_ready(first, ready_kind::created);
        runtime.start();
        run.join();
      });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("an earlier timer wakes whoever sleeps until a later one") {
  const auto found = explore({.name = "parking: an earlier timer", .preemptions = 1}, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, 2, 1);
    auto& first = run.make<arming_item>(runtime, std::size_t{2});
    runtime.state().make_ready(first, ready_kind::created);
    runtime.start();
    run.join();
    run.check(charkha::model::now() <= 9000, "nobody slept longer than until the last one");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("three workers, items that make others ready, at random") {
  const auto found = explore({.name = "parking: three workers at random", .random = 3000}, [](scenario& run) {
    auto& runtime = run.make<model_runtime>(run, 3, 5);
    std::array<item*, 5> items{};
    for (auto& each : items) each = &run.make<item>(runtime);
    items[0]->then(*items[1], ready_kind::created);
    items[0]->then(*items[2], ready_kind::created);
    items[3]->then(*items[4], ready_kind::woken);
    runtime.start();
    run.thread("outside", [&] { runtime.state().make_ready(*items[3], ready_kind::created); });
    runtime.state().make_ready(*items[0], ready_kind::created);
    run.join();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
