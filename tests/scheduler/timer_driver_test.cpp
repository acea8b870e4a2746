// SPDX-License-Identifier: Apache-2.0
// Nanoseconds to ticks, shards, and the hop through the ready queue.
#include "timer_driver.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "charkha/detail/executor.hpp"
#include "support/inert_executor.hpp"

using charkha::detail::ready_item;
using charkha::detail::timer_driver;
using charkha::detail::timer_entry;

namespace {

struct item final : ready_item {
  item() noexcept = default;
  void run(charkha::detail::worker_context&) noexcept override {}
};

struct entry final : timer_entry {
  explicit entry(bool gives = true) noexcept : gives_item(gives) {}
  [[nodiscard]] ready_item* expire() noexcept override {
    ++expired;
    return gives_item ? &ready : nullptr;
  }
  bool gives_item;
  int expired = 0;
  item ready;
};

std::vector<ready_item*> collect(timer_driver& timers, std::size_t shard, std::int64_t now) {
  std::vector<ready_item*> items;
  const auto count = timers.collect(shard, now, [&items](ready_item& each) { items.push_back(&each); });
  CHECK(count == items.size());
  return items;
}

constexpr std::int64_t tick = timer_driver::tick_ns;

}  // namespace

TEST_CASE("nothing armed: nothing to come") {
  timer_driver timers(2, 0, false);
  CHECK(timers.shards() == 2);
  CHECK(timers.armed() == 0);
  CHECK(timers.earliest() == timer_driver::never);
  CHECK(timers.earliest(0) == timer_driver::never);
  CHECK(collect(timers, 0, 1'000'000).empty());
}

TEST_CASE("a deadline is rounded up to a tick and never collected before it") {
  for (const std::int64_t deadline : {tick, tick + 1, 2 * tick - 1, 2 * tick, 1'000'000 * tick + 1}) {
    CAPTURE(deadline);
    timer_driver timers(1, 0, false);
    entry e;
    CHECK(timers.arm(0, e, deadline));
    CHECK(timers.earliest() >= deadline);
    CHECK(timers.earliest() < deadline + tick);
    CHECK(collect(timers, 0, deadline - 1).empty());
    CHECK(e.expired == 0);
    CHECK(collect(timers, 0, deadline + tick - 1) == std::vector<ready_item*>{&e.ready});
    CHECK(e.expired == 1);
    CHECK(timers.armed() == 0);
    CHECK(timers.earliest() == timer_driver::never);
  }
}

TEST_CASE("arming says whether the deadline is the earliest of its shard") {
  timer_driver timers(2, 0, false);
  entry a, b, c, d;
  CHECK(timers.arm(0, a, 50 * tick));
  CHECK_FALSE(timers.arm(0, b, 60 * tick));
  CHECK_FALSE(timers.arm(0, c, 50 * tick));
  CHECK(timers.arm(1, d, 70 * tick));  // of its own shard
  CHECK(timers.earliest(0) == 50 * tick);
  CHECK(timers.earliest(1) == 70 * tick);
  CHECK(timers.earliest() == 50 * tick);
  CHECK(timers.armed() == 4);
  CHECK(collect(timers, 0, 55 * tick).size() == 2);
  CHECK(timers.earliest() == 60 * tick);
  timer_driver::disarm(b);
  timer_driver::disarm(d);
  CHECK(timers.armed() == 0);
}

TEST_CASE("what is due comes in the order of the deadlines, and only from the shard that is asked") {
  timer_driver timers(2, 0, false);
  entry a, b, c, other;
  CHECK(timers.arm(0, b, 20 * tick));
  CHECK(timers.arm(0, a, 10 * tick));
  CHECK_FALSE(timers.arm(0, c, 30 * tick));
  CHECK(timers.arm(1, other, 5 * tick));
  CHECK(collect(timers, 0, 25 * tick) == std::vector<ready_item*>{&a.ready, &b.ready});
  CHECK(other.expired == 0);
  CHECK(collect(timers, 1, 25 * tick) == std::vector<ready_item*>{&other.ready});
  timer_driver::disarm(c);
}

TEST_CASE("a disarmed timer never expires; disarming again, or what was never armed, does nothing") {
  timer_driver timers(1, 0, false);
  entry a, b, never_armed;
  CHECK(timers.arm(0, a, 10 * tick));
  timer_driver::disarm(a);
  timer_driver::disarm(a);
  timer_driver::disarm(never_armed);
  CHECK(timers.armed() == 0);
  CHECK(timers.earliest() <= 10 * tick);  // a lower bound until somebody looks
  CHECK(collect(timers, 0, 20 * tick).empty());
  CHECK(timers.earliest() == timer_driver::never);
  CHECK(a.expired == 0);
  CHECK(timers.arm(0, b, 30 * tick));
  CHECK(collect(timers, 0, 30 * tick).size() == 1);
  timer_driver::disarm(b);
  CHECK(b.expired == 1);
}

TEST_CASE("an entry that gives nothing to make ready is expired and not counted") {
  timer_driver timers(1, 0, false);
  entry quiet(false);
  CHECK(timers.arm(0, quiet, tick));
  CHECK(collect(timers, 0, tick).empty());
  CHECK(quiet.expired == 1);
}

TEST_CASE("deadlines in the past, at zero, below it, and for ever") {
  timer_driver timers(1, 1000 * tick, false);
  entry past, zero, negative, forever, almost;
  static_cast<void>(timers.arm(0, past, 10 * tick));
  static_cast<void>(timers.arm(0, zero, 0));
  static_cast<void>(timers.arm(0, negative, INT64_MIN));
  CHECK_FALSE(timers.arm(0, forever, INT64_MAX));
  CHECK(collect(timers, 0, 1000 * tick).size() == 3);
  CHECK(timers.earliest() == timer_driver::never);
  static_cast<void>(timers.arm(0, almost, INT64_MAX - 5 * tick));
  CHECK(collect(timers, 0, INT64_MAX - 10 * tick).empty());
  CHECK(timers.armed() == 2);
  timer_driver::disarm(forever);
  timer_driver::disarm(almost);
  CHECK(timers.armed() == 0);
}

TEST_CASE("expire_now expires at once, without the wheel") {
  timer_driver timers(1, 0, false);
  entry e;
  CHECK(timers.expire_now(0, e) == &e.ready);
  CHECK(e.expired == 1);
  CHECK(timers.armed() == 0);
}

TEST_CASE("with a hop the entry expires when its turn comes, and not if it was disarmed before") {
  struct recorder final : charkha::test::inert_executor {
    void make_ready(ready_item& each, charkha::detail::ready_kind) noexcept override { made_ready.push_back(&each); }
    std::vector<ready_item*> made_ready;
  } runtime;
  struct context final : charkha::detail::worker_context {
    explicit context(charkha::detail::executor& from) : worker_context(from, false) {}
    void enqueue(charkha::detail::ready_item& item, charkha::detail::ready_kind kind) noexcept override {
      owner.make_ready(item, kind);
    }
    void wake_thieves() noexcept override {}
  } worker(runtime);

  timer_driver timers(1, 0, true);
  entry runs, disarmed, discarded;
  for (entry* each : {&runs, &disarmed, &discarded}) static_cast<void>(timers.arm(0, *each, tick));
  const auto hops = collect(timers, 0, tick);
  CHECK(hops.size() == 3);
  CHECK(runs.expired == 0);
  CHECK(timers.armed() == 0);
  timer_driver::disarm(disarmed);
  hops[0]->run(worker);
  hops[1]->run(worker);
  hops[2]->discard();
  CHECK(runs.expired == 1);
  CHECK(disarmed.expired == 0);
  CHECK(discarded.expired == 0);
  CHECK(runtime.made_ready == std::vector<ready_item*>{&runs.ready});
  for (entry* each : {&runs, &disarmed, &discarded}) timer_driver::disarm(*each);
}

TEST_CASE("after disarm has returned the entry has expired or never will, whoever collects meanwhile") {
  timer_driver timers(2, 0, false);
  std::atomic<std::int64_t> now{0};
  std::atomic<bool> stop{false};
  std::thread collector([&] {
    while (!stop) {
      timers.collect(0, now.load(), [](ready_item&) {});
      std::this_thread::yield();
    }
  });
  int seen = 0;
  for (int i = 0; i < 5000; ++i) {
    entry e;  // a new one each time: what still touched an old one would be caught by the sanitizers
    const auto deadline = now.load() + tick;
    static_cast<void>(timers.arm(0, e, deadline));
    now.store(deadline);
    if (i % 2 == 0) std::this_thread::yield();
    timer_driver::disarm(e);
    const int after = e.expired;
    CHECK(after <= 1);
    seen += after;
  }
  stop = true;
  collector.join();
  CHECK(timers.armed() == 0);
  CHECK(seen <= 5000);
}

TEST_CASE("taking any: all that is armed comes out, due or not, and what gives nothing is passed over") {
  timer_driver timers(2, 0, false);
  entry near, far, due, silent(false), elsewhere;
  static_cast<void>(timers.arm(0, near, 5 * tick));
  static_cast<void>(timers.arm(0, far, 1'000'000 * tick));
  static_cast<void>(timers.arm(0, due, 0));
  static_cast<void>(timers.arm(0, silent, 7 * tick));
  static_cast<void>(timers.arm(1, elsewhere, tick));
  int taken = 0;
  while (timers.take_any(0) != nullptr) ++taken;
  CHECK(taken == 3);
  CHECK(silent.expired == 1);
  CHECK(timers.armed() == 1);
  CHECK(timers.take_any(1) == &elsewhere.ready);
  CHECK(timers.take_any(1) == nullptr);
}
