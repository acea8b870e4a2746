// SPDX-License-Identifier: Apache-2.0
// A call that is to come: looking at it, and taking it back (R57, R58).
#include "charkha/callback_handle.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "charkha/call_soon.hpp"
#include "charkha/runtime.hpp"
#include "charkha/simulation.hpp"
#include "charkha/sleep.hpp"
#include "support/every_runtime.hpp"
#include "support/hand_runtime.hpp"
#include "support/tracked.hpp"

using charkha::call_later;
using charkha::call_soon;
using charkha::callback_handle;
using charkha::coro;
using charkha::test::tracked;
using namespace std::chrono_literals;

TEST_CASE("an empty handle does nothing") {
  const callback_handle none;
  CHECK_FALSE(none);
  none.cancel();
  CHECK_FALSE(none.cancelled());
  CHECK_FALSE(none.when().has_value());
}

TEST_CASE("when() is the deadline of a timer and nothing for call_soon") {
  charkha::simulation sim;
  auto body = []() -> coro<> {
    co_await charkha::sleep(1s);
    const auto soon = call_soon([] {});
    const auto later = call_later(2s, [] {});
    const auto at = charkha::call_at(charkha::clock::time_point(5s), [] {});
    CHECK_FALSE(soon.when().has_value());
    CHECK(later.when() == charkha::clock::time_point(3s));
    CHECK(at.when() == charkha::clock::time_point(5s));
    later.cancel();
    at.cancel();
    co_await charkha::sleep(1us);
  };
  sim.run(body());
}

TEST_CASE("a call that was cancelled is not made, soon or later; a timer is taken back at once") {
  tracked::reset();
  charkha::test::hand_runtime runtime(1);
  auto body = [](int& made) -> coro<> {
    const auto soon = call_soon([&made, held = tracked(1)] { ++made; });
    const auto later = call_later(1h, [&made, held = tracked(2)] { ++made; });
    const auto zero = call_later(0s, [&made] { ++made; });
    for (const auto& each : {soon, later, zero}) {
      CHECK_FALSE(each.cancelled());
      each.cancel();
      each.cancel();
      CHECK(each.cancelled());
    }
    co_return;
  };
  int made = 0;
  auto t = runtime.create_on(0, body(made));
  runtime.step(0);
  CHECK(t.done());
  CHECK(runtime.state().timers().armed() == 0);
  runtime.settle();
  CHECK(made == 0);
  CHECK(tracked::alive == 0);
}

TEST_CASE("cancelling after the call, or during it, changes nothing but cancelled()") {
  charkha::simulation sim;
  auto body = []() -> coro<> {
    int made = 0;
    callback_handle own;
    own = call_soon([&] {
      own.cancel();
      ++made;
    });
    const auto later = call_later(1s, [&] { ++made; });
    co_await charkha::sleep(2s);
    later.cancel();
    CHECK(made == 2);
    CHECK(own.cancelled());
    own = {};
  };
  sim.run(body());
}

TEST_CASE("cancel at every step: made or not, once, and nothing is left") {
  for (const std::size_t workers : {1U, 2U}) {
    for (int steps = 0; steps < 8; ++steps) {
      tracked::reset();
      charkha::test::hand_runtime runtime(workers);
      callback_handle handle;
      int made = 0;
      auto body = [](callback_handle& out, int& count) -> coro<> {
        out = call_later(1ms, [&count, held = tracked(1)] { ++count; });
        co_return;
      };
      auto t = runtime.create_on(0, body(handle, made));
      for (int i = 0; i < steps; ++i) {
        if (runtime.step(0) == charkha::detail::step_result::park) runtime.move_clock(1ms);
      }
      const bool armed = static_cast<bool>(handle);
      const int before = made;
      handle.cancel();
      runtime.move_clock(1ms);
      runtime.settle();
      runtime.move_clock(1ms);
      runtime.settle();
      CHECK(made <= 1);
      if (armed) CHECK(made == before);
      handle = {};
      CHECK(tracked::alive == 0);
      CHECK(runtime.state().timers().armed() == 0);
      CHECK(t.done());
    }
  }
}

TEST_CASE(
    "threads cancel what workers arm and call: none is made twice, "
    "nothing is left") {
  tracked::reset();
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    charkha::runtime rt{{.workers = workers}};
    constexpr int calls = 2000;
    std::atomic<int> made{0};
    std::vector<callback_handle> handles;
    for (int i = 0; i < calls; ++i) {
      handles.push_back(rt.call_later(std::chrono::microseconds(i % 5 * 10 - 10), [&made] { made.fetch_add(1); }));
      if (i % 2 == 0) handles.back().cancel();
      if (i % 3 == 0) handles.back() = {};
    }
    auto kept = handles;
    std::thread other([&] {
      for (const auto& each : handles) each.cancel();
    });
    for (auto& each : kept) each.cancel();
    other.join();
    handles.clear();
    kept.clear();
    rt.shutdown(1s);
    CHECK(made.load() <= calls);
  }
}

TEST_CASE("handles that are dropped where they were not made, and after their runtime: its memory goes with the last") {
  const auto token = std::make_shared<int>();
  for (const int workers : {1, 2}) {
    constexpr int calls = 200;  // more than a worker keeps retentions for
    std::vector<callback_handle> kept;
    {
      charkha::runtime rt{{.workers = workers}};
      auto make = [](std::vector<callback_handle>& out, int count, std::shared_ptr<int> held) -> coro<> {
        std::vector<callback_handle> own;
        for (int i = 0; i < count; ++i) {
          out.push_back(call_later(1h, [held] {}));
          own.push_back(call_later(1h, [held] {}));
          own.back().cancel();
        }
        co_return;
      };
      rt.spawn(make(kept, calls, token)).get();
      for (int i = 0; i < calls; ++i) kept.push_back(rt.call_later(1h, [token] {}));
      auto drop = [](std::vector<callback_handle> those) -> coro<> {
        for (const auto& each : those) each.cancel();
        co_return;
      };
      std::vector<callback_handle> half(kept.begin() + calls / 2, kept.begin() + 3 * calls / 2);
      kept.erase(kept.begin() + calls / 2, kept.begin() + 3 * calls / 2);
      rt.spawn(drop(std::move(half))).get();
      for (auto& each : kept) each.cancel();
    }
    CHECK(token.use_count() == 1);
    kept.clear();
  }
}

TEST_CASE("threads cancel at the same time what a worker armed, by the same handle and by copies") {
  const auto token = std::make_shared<int>();
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    charkha::runtime rt{{.workers = workers}};
    constexpr int calls = 1000;
    std::atomic<int> made{0};
    std::vector<callback_handle> handles;
    auto make = [](std::vector<callback_handle>& out, std::atomic<int>& count, std::shared_ptr<int> held) -> coro<> {
      for (int i = 0; i < calls; ++i) {
        out.push_back(call_later(std::chrono::microseconds(i % 5 * 100), [&count, held] { ++count; }));
      }
      co_return;
    };
    rt.spawn(make(handles, made, token)).get();
    auto copies = handles;
    std::thread other([&] {
      for (const auto& each : handles) each.cancel();
    });
    for (const auto& each : handles) {
      each.cancel();
      CHECK(each.cancelled());
    }
    for (auto& each : copies) {
      each.cancel();
      each = {};
    }
    other.join();
    rt.shutdown(1s);
    CHECK(made.load() <= calls);
    handles.clear();
    CHECK(token.use_count() == 1);
  }
}

TEST_CASE("a call that holds the holder of its own handle is freed when it was made or cancelled") {
  struct holder {
    callback_handle handle;
    tracked value{1};
  };
  tracked::reset();
  charkha::simulation sim;
  auto body = []() -> coro<> {
    for (const bool cancelled : {false, true}) {
      for (const auto delay : {0s, 1s}) {
        auto owner = std::make_shared<holder>();
        owner->handle = call_later(delay, [owner] {});
        auto soon = std::make_shared<holder>();
        soon->handle = call_soon([soon] {});
        if (cancelled) callback_handle(owner->handle).cancel();
        if (cancelled) callback_handle(soon->handle).cancel();
      }
    }
    co_await charkha::sleep(2s);
    CHECK(tracked::alive == 0);
  };
  sim.run(body());
}
