// SPDX-License-Identifier: Apache-2.0
// Plain functions that the runtime calls (R22, R56, R57, R60).
#include "charkha/call_soon.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "charkha/context_var.hpp"
#include "charkha/current_task.hpp"
#include "charkha/runtime.hpp"
#include "charkha/simulation.hpp"
#include "charkha/sleep.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/yield.hpp"
#include "support/every_runtime.hpp"
#include "support/report_log.hpp"
#include "support/tracked.hpp"

using charkha::call_at;
using charkha::call_later;
using charkha::call_soon;
using charkha::coro;
using charkha::simulation;
using charkha::test::tracked;
using namespace std::chrono_literals;

TEST_CASE("calls are made in the order in which they were asked for; what they schedule comes a turn later (R56)") {
  simulation sim;
  std::string log;
  auto body = [](std::string& out) -> coro<> {
    call_soon([&out] {
      out += 'a';
      call_soon([&out] { out += 'd'; });
    });
    call_soon([&out] { out += 'b'; });
    out += '.';
    co_await charkha::yield();
    out += 'c';
    co_await charkha::yield();
    out += 'e';
  };
  sim.run(body(log));
  CHECK(log == ".abcde");
}

TEST_CASE("call_later goes by deadlines, behind what is ready; zero and less as soon as timers are looked at (R57)") {
  simulation sim;
  std::string log;
  auto body = [](std::string& out) -> coro<> {
    for (const int delay : {3, 1, 2}) {
      call_later(std::chrono::seconds(delay), [&out, delay] { out += static_cast<char>('0' + delay); });
    }
    call_later(0s, [&out] { out += 'z'; });
    call_soon([&out] { out += 's'; });
    call_later(-1s, [&out] { out += 'n'; });
    call_at(charkha::clock::now() + 1500ms, [&out] { out += 'h'; });
    co_await charkha::sleep(4s);
  };
  sim.run(body(log));
  CHECK(log == "snz1h23");
}

TEST_CASE("a call runs outside any task, in the context of whoever asked, and its errors are reported (R22)") {
  charkha::test::report_log reports;
  simulation sim({.reports = &reports});
  const charkha::context_var<int> variable("v", 0);
  auto body = [](const charkha::context_var<int>& v) -> coro<> {
    v.set(1);
    int seen = 0, later = 0;
    call_soon([&] {
      CHECK_FALSE(charkha::current_task());
      seen = v.get();
      v.set(9);
    });
    call_later(1s, [&] { later = v.get(); });
    call_soon([] { throw std::runtime_error("oops"); });
    v.set(2);
    co_await charkha::sleep(2s);
    CHECK(seen == 1);
    CHECK(later == 1);
    CHECK(v.get() == 2);
  };
  sim.run(body(variable));
  REQUIRE(reports.count() == 1);
  CHECK(reports.all()[0].kind == charkha::report_kind::callback_failed);
}

TEST_CASE("outside a runtime it is a usage_error; a delay that is not a number is refused") {
  CHECK_THROWS_AS(call_soon([] {}), charkha::usage_error);
  CHECK_THROWS_AS(call_later(1s, [] {}), charkha::usage_error);
  CHECK_THROWS_AS(call_at(charkha::clock::time_point(), [] {}), charkha::usage_error);
  simulation sim;
  auto body = []() -> coro<> {
    const std::chrono::duration<double> nan(std::numeric_limits<double>::quiet_NaN());
    CHECK_THROWS_AS(call_later(nan, [] {}), std::invalid_argument);
    co_return;
  };
  CHECK_NOTHROW(sim.run(body()));
}

TEST_CASE("each call is made once, on every runtime, whatever its delay") {
  charkha::test::on_every_runtime(
      []() -> coro<> {
        auto count = std::make_shared<std::atomic<int>>(0);
        constexpr int calls = 100;
        for (int i = 0; i < calls; ++i) {
          if (i % 3 == 0) call_soon([count] { count->fetch_add(1); });
          if (i % 3 == 1) call_later(std::chrono::microseconds(i), [count] { count->fetch_add(1); });
          if (i % 3 == 2) call_later(-1us, [count] { count->fetch_add(1); });
        }
        while (count->load() < calls) co_await charkha::sleep(10us);
        co_await charkha::sleep(200us);
        CHECK(count->load() == calls);
      },
      5);
}

TEST_CASE("from foreign threads, to any runtime: all calls are made, the parked are woken (R60)") {
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    charkha::runtime rt{{.workers = workers}};
    auto done = rt.create_future<>();
    constexpr int calls = 500;
    std::atomic<int> left{2 * calls};
    const auto tick = [&left, done] {
      if (left.fetch_sub(1) == 1) done.set_result();
    };
    std::thread other([&] {
      for (int i = 0; i < calls; ++i) rt.call_soon(tick);
    });
    for (int i = 0; i < calls; ++i) {
      if (i % 2 == 0) {
        rt.call_later(std::chrono::microseconds(i % 50), tick);
      } else {
        rt.call_at(charkha::clock::now(), tick);
      }
    }
    other.join();
    CHECK_NOTHROW(done.get());
    CHECK(left.load() == 0);
  }
}

TEST_CASE("calls that are pending when the runtime ends are freed unmade; after a shutdown none is taken") {
  tracked::reset();
  bool called = false;
  for (const int workers : {1, 4}) {
    charkha::runtime rt{{.workers = workers}};
    rt.call_later(1h, [&called, held = tracked(1)] { called = true; });
    auto body = [](bool& made) -> coro<> {
      call_later(1h, [&made, held = tracked(2)] { made = true; });
      co_return;
    };
    rt.spawn(body(called)).get();
    rt.shutdown(1s);
    CHECK(tracked::alive == 0);
    rt.call_soon([&called, held = tracked(3)] { called = true; });
    rt.call_later(0s, [&called, held = tracked(4)] { called = true; });
    CHECK(tracked::alive == 0);
  }
  CHECK_FALSE(called);
}

TEST_CASE("what a pending call holds may call back into the runtime when it is freed") {
  tracked::reset();
  class calls_at_end {
   public:
    explicit calls_at_end(charkha::runtime& rt) : rt_(&rt) {}
    calls_at_end(const calls_at_end&) = delete;
    calls_at_end& operator=(const calls_at_end&) = delete;
    ~calls_at_end() {
      rt_->call_soon([held = tracked(1)] {});
    }

   private:
    charkha::runtime* rt_;
  };
  {
    charkha::runtime rt{{.workers = 1}};
    rt.call_later(1h, [held = std::make_shared<calls_at_end>(rt)] {});
    auto body = [](charkha::runtime& owner) -> coro<> {
      const calls_at_end guard(owner);
      co_await charkha::sleep(1h);
    };
    static_cast<void>(rt.spawn(body(rt)));
  }
  CHECK(tracked::alive == 0);
}
