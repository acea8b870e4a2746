// SPDX-License-Identifier: Apache-2.0
// A timer entry between whoever collects its shard, whoever takes it back and whoever moves it: it expires once or
// never, and after disarm() nobody touches it.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <optional>

#include "checker/scenario.hpp"
#include "timer_driver.hpp"

using charkha::detail::ready_item;
using charkha::detail::timer_driver;
using charkha::detail::timer_entry;
using charkha::model::explore;
using charkha::model::scenario;

namespace {

class entry final : public timer_entry {
 public:
  explicit entry(bool finishes = false) noexcept : timer_entry(true), finishes_(finishes) {}
  [[nodiscard]] ready_item* expire() noexcept override {
    ++expired;  // under the shard's lock
    unfinished = finishes_;
    return nullptr;
  }
  void finish_expiry() noexcept override { finished.store(true, std::memory_order_release); }
  /// An expiry that has begun is not taken back.
  [[nodiscard]] bool accept_deadline(std::optional<std::int64_t> /*deadline*/) noexcept override {
    return !finishes_ || expired == 0;
  }
  int expired = 0;
  std::atomic<bool> finished{false};

 private:
  bool finishes_;
};

}  // namespace

TEST_CASE("cancelled means over: after disarm() the entry has expired, or never will, and may go") {
  const auto found = explore({.name = "timer: disarm against collect"}, [](scenario& run) {
    auto& timers = run.make<timer_driver>(std::size_t{1}, 0, false);
    auto* one = new entry;
    static_cast<void>(timers.arm(0, *one, 1000));
    run.thread("collector", [&] { static_cast<void>(timers.collect(0, 5000, [](ready_item&) {})); });
    run.thread("other collector", [&] { static_cast<void>(timers.collect(0, 2000, [](ready_item&) {})); });
    const bool in_time = timer_driver::disarm(*one);
    run.check(one->expired == (in_time ? 0 : 1), "once, or never");
    delete one;
    run.join();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("an entry that is armed while its shard is collected stays for later, if it is later") {
  const auto found = explore({.name = "timer: arm against collect"}, [](scenario& run) {
    auto& timers = run.make<timer_driver>(std::size_t{1}, 0, false);
    auto& due = run.make<entry>();
    auto& later = run.make<entry>();
    static_cast<void>(timers.arm(0, due, 1000));
    run.thread("collector", [&] { static_cast<void>(timers.collect(0, 5000, [](ready_item&) {})); });
    static_cast<void>(timers.arm(0, later, 9000));
    run.join();
    run.check(due.expired == 1 && later.expired == 0, "what is due, and no more");
    run.check(timers.earliest() <= 9000, "and the other one is not forgotten");
    static_cast<void>(timer_driver::disarm(later));
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("moved means moved: an entry that is given a later deadline expires once, before or after") {
  const auto found = explore({.name = "timer: rearm against collect"}, [](scenario& run) {
    auto& timers = run.make<timer_driver>(std::size_t{1}, 0, false);
    auto& one = run.make<entry>();
    static_cast<void>(timers.arm(0, one, 1000));
    run.thread("collector", [&] { static_cast<void>(timers.collect(0, 5000, [](ready_item&) {})); });
    run.thread("mover", [&] { static_cast<void>(timers.rearm(one, 9000, 0)); });
    run.join();
    const int before = one.expired;
    const bool armed = timer_driver::disarm(one);
    run.check(armed, "it was moved, so it is armed");
    run.check(before <= 1, "once at most");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("an expiry with a second part: the entry is there until it is over, and is moved before it or not at all") {
  const auto found = explore({.name = "timer: an expiry with a second part"}, [](scenario& run) {
    auto& timers = run.make<timer_driver>(std::size_t{1}, 0, false);
    auto* one = new entry(true);
    auto* two = new entry(true);
    static_cast<void>(timers.arm(0, *one, 1000));
    static_cast<void>(timers.arm(0, *two, 2000));
    run.thread("collector", [&] {
      for (const std::int64_t now : {5000, 20'000}) static_cast<void>(timers.collect(0, now, [](ready_item&) {}));
    });
    run.thread("mover", [&] { static_cast<void>(timers.rearm(*one, 9000, 0)); });
    // The task whose time it is is held until the second part lets it go. Then it leaves the scope that the entry is in.
    charkha::model::await(two->finished);
    static_cast<void>(timer_driver::disarm(*two));
    delete two;
    run.join();
    run.check(one->expired == 1, "once");
    delete one;
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
