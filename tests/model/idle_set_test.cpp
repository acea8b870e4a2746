// SPDX-License-Identifier: Apache-2.0
// The protocols of sleeping and waking in their smallest form: two or three parties with the real idle set, deque,
// timers and parker, so few steps that every interleaving is gone through. parking_test.cpp has the workers themselves.
#include "idle_set.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "charkha/detail/deque.hpp"
#include "checker/scenario.hpp"
#include "parker.hpp"
#include "timer_driver.hpp"

using charkha::detail::deque;
using charkha::detail::idle_set;
using charkha::detail::parker;
using charkha::detail::ready_item;
using charkha::detail::steal_result;
using charkha::detail::timer_driver;
using charkha::detail::timer_entry;
using charkha::model::explore;
using charkha::model::scenario;

namespace {

struct item {};

// One worker that sleeps, and what is pushed by others on a deque of theirs.
struct place {
  explicit place(scenario& of, std::size_t workers = 2) : run(of), idle(workers), timers(2, 0, false) {}

  // Others.
  void push() {
    queue.push(&work);
    wake_for_work();
  }
  void wake_for_work() {
    if (idle.wants_work() && idle.pick_for_work() == sleeper) bed.unpark();
  }
  void arm(timer_entry& entry, std::int64_t deadline) {
    if (!timers.arm(0, entry, deadline)) return;
    if (idle.pick_for_deadline(deadline) == sleeper) bed.unpark();
  }

  // The sleeper: parks until it has what was pushed. As worker::park().
  void sleep_until_work() {
    for (bool searching = false;; searching = true) {
      item* got = nullptr;
      if (queue.steal(got) == steal_result::stolen) return;
      if (idle.announce(sleeper, searching)) idle.set_keeper_deadline(sleeper, timers.earliest());
      if (!queue.empty() && idle.retract(sleeper)) continue;
      run.check(bed.park_until(parker::never), "by a token");
    }
  }
  // Parks as the keeper until the timers are over.
  void keep_timers(const std::atomic<bool>& over) {
    while (!over.load(std::memory_order_relaxed)) {
      std::int64_t deadline = idle_set::never;
      if (idle.announce(sleeper, false)) {
        deadline = timers.earliest();
        idle.set_keeper_deadline(sleeper, deadline);
      }
      if (deadline > charkha::model::now() || !idle.retract(sleeper)) {
        while (!bed.park_until(deadline) && !idle.retract(sleeper)) deadline = idle_set::never;
      }
      static_cast<void>(idle.end_search());
      static_cast<void>(timers.collect(0, charkha::model::now(), [](ready_item&) {}));
    }
  }

  static constexpr std::size_t sleeper = 1;

  scenario& run;
  idle_set idle;
  deque<item> queue{2};
  timer_driver timers;
  parker bed;
  item work;
};

class entry final : public timer_entry {
 public:
  explicit entry(std::atomic<bool>& over) noexcept : timer_entry(true), over_(over) {}
  [[nodiscard]] ready_item* expire() noexcept override {
    at = charkha::model::now();
    over_.store(true, std::memory_order_release);
    return nullptr;
  }
  std::int64_t at = 0;

 private:
  std::atomic<bool>& over_;
};

}  // namespace

TEST_CASE("push and look against announce and look again: what is pushed is found, or its pusher wakes the sleeper") {
  const auto found = explore({.name = "idle: push against park"}, [](scenario& run) {
    auto& p = run.make<place>(run);
    run.thread("sleeper", [&] { p.sleep_until_work(); });
    p.push();
    run.join();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("whoever pushed while somebody searched relies on the last searcher's look") {
  const auto found = explore({.name = "idle: push against the end of a search"}, [](scenario& run) {
    auto& p = run.make<place>(run, 3);
    run.check(p.idle.try_begin_search(), "somebody searches");
    static_cast<void>(p.idle.announce(place::sleeper, false));
    run.thread("sleeper", [&] { run.check(p.bed.park_until(parker::never), "by a token"); });
    run.thread("searcher", [&] {
      // It has found something else, which keeps it busy.
      const bool last = p.idle.end_search();
      if (p.idle.any_parked() && last && !p.queue.empty()) p.wake_for_work();
    });
    p.push();
    run.join();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("whoever pushed while somebody searched relies on his second look if he parks") {
  const auto found = explore({.name = "idle: push against a searcher that parks"}, [](scenario& run) {
    auto& p = run.make<place>(run);
    run.check(p.idle.try_begin_search(), "the sleeper searches");
    run.thread("sleeper", [&] {
      // Its search has found nothing.
      static_cast<void>(p.idle.announce(place::sleeper, true));
      if (p.queue.empty() || !p.idle.retract(place::sleeper)) run.check(p.bed.park_until(parker::never), "by a token");
      p.sleep_until_work();
    });
    p.push();
    run.join();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("arm and look against the keeper's looks: he sees the timer, or is woken for it") {
  const auto found = explore({.name = "idle: arm against park"}, [](scenario& run) {
    auto& p = run.make<place>(run);
    auto& over = run.make<std::atomic<bool>>(false);
    auto& timer = run.make<entry>(over);
    run.thread("sleeper", [&] { p.keep_timers(over); });
    p.arm(timer, 5000);
    run.join();
    run.check(charkha::model::now() >= 5000, "not early");
    static_cast<void>(timer_driver::disarm(timer));
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("an earlier timer wakes a keeper who sleeps until a later one") {
  const auto found = explore({.name = "idle: an earlier timer against park", .patient = true}, [](scenario& run) {
    auto& p = run.make<place>(run);
    auto& over = run.make<std::atomic<bool>>(false);
    auto& early = run.make<std::atomic<bool>>(false);
    auto& late_timer = run.make<entry>(over);
    auto& timer = run.make<entry>(early);
    p.arm(late_timer, 90'000);
    run.thread("sleeper", [&] { p.keep_timers(over); });
    p.arm(timer, 5000);
    charkha::model::await(early);
    run.check(timer.at < 90'000, "in time");
    run.join();
    static_cast<void>(timer_driver::disarm(timer));
    static_cast<void>(timer_driver::disarm(late_timer));
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("the keeper leaves while a timer is armed: he sees it and wakes the next, or the one who arms it does") {
  const auto found = explore({.name = "idle: arm against a keeper who leaves"}, [](scenario& run) {
    auto& p = run.make<place>(run, 3);
    auto& over = run.make<std::atomic<bool>>(false);
    auto& first = run.make<entry>(over);
    auto& next = run.make<entry>(over);
    constexpr std::size_t keeper = 0;
    static_cast<void>(p.timers.arm(1, first, 5000));
    static_cast<void>(p.idle.announce(keeper, false));
    p.idle.set_keeper_deadline(keeper, 5000);
    static_cast<void>(p.idle.announce(place::sleeper, false));
    run.thread("sleeper", [&] { run.check(p.bed.park_until(parker::never), "by a token"); });
    run.thread("keeper", [&] {
      // His time has come. He collects what is due, and finds something that keeps him busy.
      if (!p.idle.retract(keeper)) return p.bed.unpark();  // taken out for the new timer: the test is over
      for (const std::size_t shard : {0U, 1U}) static_cast<void>(p.timers.collect(shard, 5000, [](ready_item&) {}));
      static_cast<void>(p.idle.end_search());
      const std::int64_t earliest = p.timers.earliest();
      if (earliest != timer_driver::never && p.idle.pick_for_deadline(earliest) == place::sleeper) p.bed.unpark();
    });
    p.arm(next, 9000);
    run.join();
    static_cast<void>(timer_driver::disarm(next));
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
