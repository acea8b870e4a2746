// SPDX-License-Identifier: Apache-2.0
// Futures and callbacks between threads and beyond the life of their runtime. What one thread can see is in
// core/future_test.cpp and core/any_future_test.cpp.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/report_log.hpp"
#include "support/tracked.hpp"

using charkha::any_future;
using charkha::coro;
using charkha::future;
using charkha::task;
using charkha::test::tracked;
using namespace std::chrono_literals;

TEST_CASE("a foreign thread sets what tasks wait for, and waits for what tasks set") {
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    charkha::runtime rt{{.workers = workers}};
    for (int round = 0; round < 200; ++round) {
      auto there = rt.create_future<int>();
      auto back = rt.create_future<int>();
      auto body = [](future<int> in, future<int> out) -> coro<> {
        const int value = co_await in;
        out.set_result(value + 1);
      };
      auto a = rt.spawn(body(there, back));
      there.set_result(round);
      CHECK(back.get() == round + 1);
      a.get();
    }
  }
}

TEST_CASE("cancel against set_result from two threads, with tasks that wait: one wins, all see the same") {
  for (const int workers : {1, 4}) {
    charkha::runtime rt{{.workers = workers}};
    for (int round = 0; round < 300; ++round) {
      auto f = rt.create_future<int>();
      auto watch = [](future<int> of) -> coro<int> {
        try {
          const int value = co_await of;
          co_return value;
        } catch (const charkha::cancelled_error&) {
        }
        co_return -1;
      };
      auto a = rt.spawn(watch(f)), b = rt.spawn(watch(f));
      bool set = false;
      std::thread other([&] {
        try {
          f.set_result(7);
          set = true;
        } catch (const charkha::invalid_state_error&) {
        }
      });
      const bool cancelled = f.cancel();
      other.join();
      REQUIRE(set != cancelled);
      CHECK(a.get() == (set ? 7 : -1));
      CHECK(b.get() == (set ? 7 : -1));
    }
  }
}

TEST_CASE("callbacks of one future never overlap and keep their order, on eight workers") {
  charkha::runtime rt{{.workers = 8}};
  for (int round = 0; round < 100; ++round) {
    auto f = rt.create_future<int>();
    auto done = rt.create_future<>();
    std::atomic<int> inside{0};
    std::atomic<bool> overlap{false};
    std::vector<int> order;  // unguarded on purpose: callbacks take turns
    constexpr int callbacks = 200;
    const auto add = [&](int number) {
      f.add_done_callback([&, number](const any_future&) {
        if (inside.fetch_add(1, std::memory_order_relaxed) != 0) overlap.store(true);
        order.push_back(number);
        inside.fetch_sub(1, std::memory_order_relaxed);
        if (number == callbacks - 1) done.set_result();
      });
    };
    for (int i = 0; i < callbacks / 2; ++i) add(i);
    std::thread setter([&] { f.set_result(1); });
    for (int i = callbacks / 2; i < callbacks; ++i) add(i);  // while they are being told
    setter.join();
    done.get();
    CHECK_FALSE(overlap.load());
    REQUIRE(order.size() == callbacks);
    bool sorted = true;
    for (int i = 0; i < callbacks; ++i) sorted = sorted && order[static_cast<std::size_t>(i)] == i;
    CHECK(sorted);
  }
}

TEST_CASE("handles, callbacks and ids outlive the runtime: set, cancelled, added to, removed, dropped") {
  tracked::reset();
  future<tracked> f;
  future<> pending, cancelled;
  task<int> t;
  charkha::done_callback_id id;
  bool called = false;
  {
    charkha::runtime rt{{.workers = 2}};
    f = rt.create_future<tracked>();
    pending = rt.create_future<>();
    cancelled = rt.create_future<>();
    auto give = []() -> coro<int> { co_return 5; };
    t = rt.spawn(give());
    t.get();
    id = f.add_done_callback([&called, held = tracked(1)](const any_future&) { called = true; });
    f.add_done_callback([&called, held = tracked(2)](const any_future&) { called = true; });
    pending.add_done_callback([&called, held = tracked(3)](const any_future&) { called = true; });
    cancelled.add_done_callback([&called, held = tracked(4)](const any_future&) { called = true; });
    CHECK(tracked::alive == 4);
  }
  CHECK(f.remove_done_callback(id) == 1);
  id = {};
  f.set_result(tracked(9));
  CHECK(tracked::alive == 3);
  CHECK(f.result().value == 9);
  f.add_done_callback([&called, held = tracked(5)](const any_future&) { called = true; });
  t.add_done_callback([&called, held = tracked(6)](const any_future&) { called = true; });
  CHECK(cancelled.cancel());
  CHECK(tracked::alive == 2);
  CHECK(f.get().value == 9);
  CHECK(t.result() == 5);
  f = {};
  pending = {};
  CHECK(tracked::alive == 0);
  CHECK_FALSE(called);
}

TEST_CASE(
    "futures that frames set when a runtime destroys them, and callbacks registered on destroyed tasks, leave "
    "nothing") {
  tracked::reset();
  charkha::test::report_log reports;
  class sets_at_end {
   public:
    explicit sets_at_end(future<> which) noexcept : which_(std::move(which)) {}
    sets_at_end(const sets_at_end&) = delete;
    sets_at_end& operator=(const sets_at_end&) = delete;
    ~sets_at_end() { which_.set_result(); }

   private:
    future<> which_;
  };
  for (const int workers : {1, 4}) {
    {
      charkha::runtime rt{{.workers = workers, .reports = &reports}};
      auto f = rt.create_future<>();
      auto stubborn = [](future<> mine) -> coro<> {
        const sets_at_end guard(std::move(mine));
        for (;;) {
          try {
            co_await charkha::sleep(1h);
          } catch (const charkha::cancelled_error&) {
          }
        }
      };
      auto waiting = [](future<> on) -> coro<> {
        for (;;) {
          try {
            co_await charkha::shield(on);
            co_return;
          } catch (const charkha::cancelled_error&) {
          }
        }
      };
      auto t = rt.spawn(stubborn(f));
      static_cast<void>(rt.spawn(waiting(f)));
      f.add_done_callback([held = tracked(1)](const any_future&) {});
      t.add_done_callback([held = tracked(2)](const any_future&) {});
      rt.shutdown(10ms);
      CHECK(f.done());
      CHECK(t.cancelled());
    }
    CHECK(tracked::alive == 0);
  }
}

TEST_CASE("a simulation inside context::run: its tasks begin with that context and keep their own") {
  const charkha::context special;
  const charkha::context_var<int> variable("v", 0);
  special.run([&] {
    variable.set(1);
    charkha::simulation sim({.workers = 2});
    auto body = [](const charkha::context_var<int>& v) -> coro<> {
      auto child = [](const charkha::context_var<int>& inner, int mine) -> coro<> {
        CHECK(inner.get() == 1);
        inner.set(mine);
        co_await charkha::sleep(1s);
        CHECK(inner.get() == mine);
      };
      co_await charkha::gather(child(v, 2), child(v, 3));
      CHECK(v.get() == 1);
    };
    sim.run(body(variable));
    CHECK(variable.get() == 1);
  });
}

TEST_CASE("a hundred tasks on eight workers keep their own context values") {
  charkha::test::on_every_runtime(
      []() -> coro<> {
        static const charkha::context_var<int> variable("v", -1);
        auto body = [](int mine) -> coro<int> {
          variable.set(mine);
          int wrong = 0;
          for (int i = 0; i < 20; ++i) {
            if (i % 2 == 0) {
              co_await charkha::yield();
            } else {
              co_await charkha::sleep(std::chrono::microseconds(mine % 5));
            }
            wrong += variable.get() == mine ? 0 : 1;
          }
          co_return wrong;
        };
        std::vector<coro<int>> many;
        for (int i = 0; i < 100; ++i) many.push_back(body(i));
        const auto wrong = co_await charkha::gather(std::move(many));
        for (const int each : wrong) CHECK(each == 0);
      },
      2);
}

TEST_CASE("handles of children of when_all: cancelled and awaited by other threads while the children end") {
  for (const int workers : {1, 4}) {
    charkha::runtime rt{{.workers = workers}};
    for (int round = 0; round < 200; ++round) {
      auto handed = rt.create_future<charkha::any_task>();
      auto child = [](future<charkha::any_task> out, int n) -> coro<> {
        if (n == 0) out.set_result(charkha::current_task());
        co_await charkha::sleep(std::chrono::microseconds(n * 7));
      };
      auto parent = [](auto make, future<charkha::any_task> out, int n) -> coro<> {
        co_await charkha::when_all(make(out, 0), make(out, n % 4));
      };
      auto t = rt.spawn(parent(child, handed, round));
      const charkha::any_task mine = handed.get();
      auto await_it = [](charkha::any_task of) -> coro<> { co_await of; };
      auto other = rt.spawn(await_it(mine));
      std::thread thread([&] { mine.set_name("x"); });
      const bool asked = mine.cancel();
      thread.join();
      bool cancelled = false;
      try {
        t.get();
      } catch (const charkha::cancelled_error&) {
        cancelled = true;
      }
      CHECK(mine.done());
      CHECK(mine.cancelled() == asked);
      CHECK(cancelled == asked);
      try {
        other.get();
        CHECK_FALSE(asked);
      } catch (const charkha::cancelled_error&) {
        CHECK(asked);
      }
    }
  }
}
