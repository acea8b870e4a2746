// SPDX-License-Identifier: Apache-2.0
// Waiting until some of several tasks are done (R41).
#include "charkha/wait.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/create_task.hpp"
#include "charkha/current_task.hpp"
#include "charkha/future.hpp"
#include "charkha/simulation.hpp"
#include "charkha/sleep.hpp"
#include "charkha/timeout.hpp"
#include "charkha/usage_error.hpp"
#include "support/every_runtime.hpp"
#include "support/hand_runtime.hpp"
#include "support/report_log.hpp"

using charkha::any_future;
using charkha::coro;
using charkha::create_task;
using charkha::return_when;
using charkha::simulation;
using charkha::task;
using charkha::wait;
using namespace std::chrono_literals;

namespace {

coro<int> after(std::chrono::nanoseconds time, int value) {
  co_await charkha::sleep(time);
  co_return value;
}
coro<int> fail_after(std::chrono::nanoseconds time) {
  co_await charkha::sleep(time);
  throw std::runtime_error("bad");
}
std::vector<task<int>> three() {
  return {create_task(after(3s, 3)), create_task(after(1s, 1)), create_task(after(2s, 2))};
}
double seconds() { return std::chrono::duration<double>(charkha::clock::now().time_since_epoch()).count(); }

}  // namespace

TEST_CASE("all_completed: when the last is done; in the order in which they were given") {
  charkha::test::in_every_simulation([]() -> coro<> {
    const auto tasks = three();
    const auto result = co_await wait(tasks);
    CHECK(seconds() == 3.0);
    CHECK(result.done == tasks);
    CHECK(result.pending.empty());
  });
}

TEST_CASE("first_completed: when one is; the others go on") {
  charkha::test::in_every_simulation([]() -> coro<> {
    const auto tasks = three();
    const auto result = co_await wait(tasks, {.until = return_when::first_completed});
    CHECK(seconds() == 1.0);
    CHECK(result.done == std::vector{tasks[1]});
    CHECK(result.pending == std::vector{tasks[0], tasks[2]});
    const auto rest = co_await wait(result.pending);
    CHECK(rest.done.size() == 2);
    CHECK(tasks[0].result() == 3);
  });
}

TEST_CASE("first_exception: an error ends it and is not thrown; being cancelled is none; else all are waited for") {
  charkha::test::in_every_simulation([]() -> coro<> {
    std::vector<task<int>> tasks{create_task(after(1s, 1)), create_task(after(9s, 2)), create_task(fail_after(3s)),
                                 create_task(after(5s, 3))};
    tasks[1].cancel();
    const auto result = co_await wait(tasks, {.until = return_when::first_exception});
    CHECK(seconds() == 3.0);
    CHECK(result.done == std::vector{tasks[0], tasks[1], tasks[2]});
    CHECK(result.pending == std::vector{tasks[3]});
    CHECK(tasks[2].exception());
    const auto fine = co_await wait(result.pending, {.until = return_when::first_exception});
    CHECK(seconds() == 5.0);
    CHECK(fine.pending.empty());
  });
}

TEST_CASE("a time-out ends the wait, throws nothing and cancels nothing") {
  charkha::test::in_every_simulation([]() -> coro<> {
    const auto tasks = three();
    const auto result = co_await wait(tasks, {.timeout = 1500ms});
    CHECK(seconds() == 1.5);
    CHECK(result.done == std::vector{tasks[1]});
    for (const auto& each : result.pending) CHECK(each.cancelling() == 0);
    const auto rest = co_await wait(tasks);
    CHECK(rest.done.size() == 3);
    CHECK(seconds() == 3.0);
  });
}

TEST_CASE("a time-out of zero or less looks once; what is done already is found") {
  charkha::test::in_every_simulation([]() -> coro<> {
    auto done = create_task(after(0s, 1));
    co_await done;
    auto late = create_task(after(1s, 2));
    for (const auto timeout : {0ns, -5ns, std::chrono::nanoseconds::min()}) {
      const std::vector<task<int>> both{done, late}, only{late};
      const auto result = co_await wait(both, {.timeout = timeout});
      CHECK(result.done == std::vector{done});
      CHECK(result.pending == std::vector{late});
      const auto none = co_await wait(only, {.timeout = timeout});
      CHECK(none.done.empty());
    }
    CHECK(seconds() == 0.0);
    co_await late;
  });
}

TEST_CASE("the same handle twice counts once; mixed handles go as any_future; all done already") {
  charkha::test::on_every_runtime([]() -> coro<> {
    auto t = create_task(after(1us, 1));
    auto f = charkha::create_future<int>();
    std::vector<any_future> mixed{t, f, t, f};
    f.set_result(2);
    const auto result = co_await wait(mixed);
    CHECK(result.done == std::vector<any_future>{t, f});
    const auto again = co_await wait(mixed, {.until = return_when::first_completed});
    CHECK(again.done.size() == 2);
  });
}

TEST_CASE("nothing to wait for, and an impossible mode, are std::invalid_arguments; an empty handle a usage_error") {
  const std::vector<task<int>> none;
  CHECK_THROWS_AS(static_cast<void>(wait(none)), std::invalid_argument);
  const std::vector<task<int>> empty(1);
  CHECK_THROWS_AS(static_cast<void>(wait(empty)), charkha::usage_error);
  simulation sim;
  auto body = []() -> coro<> {
    const std::vector<task<int>> one{create_task(after(0s, 1))};
    CHECK_THROWS_AS(static_cast<void>(wait(one, {.until = static_cast<return_when>(9)})), std::invalid_argument);
    co_await one[0];
  };
  CHECK_NOTHROW(sim.run(body()));
}

TEST_CASE("a task cannot wait for itself, or for one of another runtime") {
  simulation sim, other;
  auto never = []() -> coro<> { co_await charkha::sleep(1h); };
  charkha::runtime rt{{.workers = 1}};
  auto theirs = rt.spawn(never());
  auto body = [](task<> foreign) -> coro<> {
    const std::vector<task<>> wrong{foreign};
    bool thrown = false;
    try {
      static_cast<void>(co_await wait(wrong));
    } catch (const charkha::usage_error&) {
      thrown = true;
    }
    CHECK(thrown);
    const std::vector<any_future> self{charkha::current_task()};
    thrown = false;
    try {
      static_cast<void>(co_await wait(self));
    } catch (const charkha::usage_error&) {
      thrown = true;
    }
    CHECK(thrown);
  };
  CHECK_NOTHROW(sim.run(body(theirs)));
}

TEST_CASE("cancelling the waiter leaves the tasks alone, at every step; no timer and no waiter is left") {
  for (const std::size_t workers : {1U, 2U}) {
    for (int steps = 0; steps < 14; ++steps) {
      CAPTURE(workers);
      CAPTURE(steps);
      charkha::test::hand_runtime runtime(workers);
      auto a = runtime.create_on(0, after(1ms, 1));
      auto b = runtime.create_on(0, after(1h, 2));
      auto body = [](task<int> x, task<int> y) -> coro<> {
        const std::vector<task<int>> both{x, y};
        static_cast<void>(co_await wait(both, {.until = return_when::first_completed, .timeout = 1min}));
      };
      auto t = runtime.create_on(0, body(a, b));
      for (int i = 0; i < steps; ++i) {
        if (runtime.step(0) == charkha::detail::step_result::park) runtime.move_clock(1ms);
      }
      const bool asked = t.cancel("m");
      runtime.settle();
      CHECK(t.done());
      CHECK(t.cancelled() == asked);
      CHECK(a.cancelling() == 0);
      CHECK(b.cancelling() == 0);
      runtime.move_clock(1ms);
      runtime.settle();
      CHECK(a.result() == 1);
      CHECK(runtime.state().timers().armed() == 1);  // b's
    }
  }
}

TEST_CASE("the waiter is destroyed while it waits") {
  charkha::test::hand_runtime runtime(1);
  auto a = runtime.create_on(0, after(1h, 1));
  {
    auto body = [](task<int> x) -> coro<> {
      const std::vector<task<int>> one{x};
      static_cast<void>(co_await wait(one, {.timeout = 1min}));
    };
    auto t = runtime.create_on(0, body(a));
    runtime.settle();
    CHECK(runtime.state().timers().armed() == 2);
    charkha::detail::task_access::block(t).abandon();
  }
  CHECK(runtime.state().timers().armed() == 1);
  a.cancel();
  runtime.settle();
  CHECK(a.cancelled());
}

TEST_CASE("errors that the wait saw and nobody looked at are reported") {
  charkha::test::report_log reports;
  {
    simulation sim({.reports = &reports});
    auto body = []() -> coro<> {
      std::vector<task<int>> one;
      one.push_back(create_task(fail_after(0s)));
      const auto result = co_await wait(one);
      CHECK(result.done.size() == 1);
    };
    sim.run(body());
  }
  CHECK(reports.count(charkha::report_kind::error_never_retrieved) == 1);
}

TEST_CASE("many waiters on many tasks, on threads: each returns, what it calls done is done") {
  charkha::test::on_every_thread_count([]() -> coro<> {
    std::vector<task<int>> tasks;
    for (int i = 0; i < 64; ++i) tasks.push_back(create_task(after(std::chrono::microseconds(i % 7 * 20), i)));
    auto waiter = [](std::vector<task<int>> all, int i) -> coro<std::size_t> {
      const auto until = i % 2 == 0 ? return_when::first_completed : return_when::all_completed;
      const auto timeout = std::chrono::nanoseconds(i % 3 == 0 ? 30'000 : 3'600'000'000'000);
      const auto result = co_await wait(all, {.until = until, .timeout = timeout});
      std::size_t wrong = 0;
      for (const auto& each : result.done) wrong += each.done() ? 0U : 1U;
      if (result.done.size() + result.pending.size() != all.size()) ++wrong;
      co_return wrong;
    };
    std::vector<task<std::size_t>> waiters;
    for (int i = 0; i < 64; ++i) waiters.push_back(create_task(waiter(tasks, i)));
    for (auto& each : waiters) {
      const std::size_t wrong = co_await each;
      CHECK(wrong == 0);
    }
    static_cast<void>(co_await wait(tasks));
  });
}
