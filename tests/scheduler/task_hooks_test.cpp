// SPDX-License-Identifier: Apache-2.0
// An embedder that wants to know of every task (R9).
#include "charkha/task_hooks.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "charkha/all_tasks.hpp"
#include "charkha/cancelled_error.hpp"
#include "charkha/create_task.hpp"
#include "charkha/gather.hpp"
#include "charkha/run.hpp"
#include "charkha/simulation.hpp"
#include "charkha/sleep.hpp"
#include "charkha/when_all.hpp"
#include "support/every_runtime.hpp"
#include "support/report_log.hpp"
#include "support/tracked.hpp"

using charkha::any_task;
using charkha::coro;
using charkha::create_task;
using charkha::test::tracked;
using namespace std::chrono_literals;

namespace {

class book final : public charkha::task_hooks {
 public:
  void on_spawn(const any_task& task) override {
    const std::lock_guard guard(mutex_);
    CHECK_FALSE(task.done());
    spawned.push_back(task.name());
  }
  void on_end(const any_task& task) noexcept override {
    const std::lock_guard guard(mutex_);
    CHECK(task.done());
    ended.push_back(task.name());
  }
  std::vector<std::string> spawned, ended;

 private:
  std::mutex mutex_;
};

/// Refuses tasks that are called "no", and lets others wait for them.
class doorkeeper final : public charkha::task_hooks {
 public:
  void on_spawn(const any_task& task) override {
    if (task.name() != "no") return;
    refused = task;
    task.add_done_callback([this](const any_task& done) { heard = done.cancelled(); });
    auto await_it = [](any_task of, bool& told) -> coro<> {
      try {
        co_await of;
      } catch (const charkha::cancelled_error&) {
        told = true;
      }
    };
    waiting = create_task(await_it(task, waiter_told), {.name = "waiter", .eager_start = true});
    throw std::runtime_error("refused");
  }
  any_task refused;
  any_task waiting;
  bool heard = false;
  bool waiter_told = false;
};

coro<> nothing() { co_return; }
coro<> nap(std::chrono::nanoseconds time) { co_await charkha::sleep(time); }

}  // namespace

TEST_CASE("each task is announced before its first turn and after its end, children of when_all are not") {
  book hooks;
  charkha::simulation sim({.hooks = &hooks});
  auto body = []() -> coro<> {
    auto a = create_task(nap(1s), {.name = "a"});
    auto b = create_task(nothing(), {.name = "b", .eager_start = true});
    co_await charkha::when_all(nothing(), nothing());
    auto c = create_task(nap(1h), {.name = "c"});
    c.cancel();
    co_await a;
  };
  sim.run(body());
  CHECK(hooks.spawned == std::vector<std::string>{"Task-1", "a", "b", "c"});
  CHECK(hooks.ended == std::vector<std::string>{"b", "c", "a", "Task-1"});
}

TEST_CASE("on threads every task is announced once and its end once") {
  for (const int workers : charkha::test::worker_counts) {
    book hooks;
    auto body = []() -> coro<> {
      std::vector<coro<>> many;
      for (int i = 0; i < 200; ++i) many.push_back(nap(std::chrono::microseconds(i % 3)));
      co_await charkha::gather(std::move(many));
    };
    charkha::run(body(), {.workers = workers, .hooks = &hooks});
    CHECK(hooks.spawned.size() == 201);
    CHECK(std::multiset<std::string>(hooks.spawned.begin(), hooks.spawned.end()) ==
          std::multiset<std::string>(hooks.ended.begin(), hooks.ended.end()));
  }
}

TEST_CASE(
    "a hook that throws refuses the task: it never runs, whoever creates it gets the error, who waits for it goes on") {
  for (const bool eager : {false, true}) {
    CAPTURE(eager);
    tracked::reset();
    doorkeeper hooks;
    charkha::test::report_log reports;
    {
      charkha::simulation sim({.reports = &reports, .hooks = &hooks});
      auto body = [](bool at_once) -> coro<> {
        bool ran = false;
        auto work = [](bool& out, tracked) -> coro<> {
          out = true;
          co_return;
        };
        CHECK_THROWS_WITH(static_cast<void>(create_task(work(ran, tracked(1)), {.name = "no", .eager_start = at_once})),
                          "refused");
        CHECK(tracked::alive == 0);
        co_await charkha::sleep(1s);
        CHECK_FALSE(ran);
        CHECK(charkha::all_tasks().size() == 1);
      };
      sim.run(body(eager));
      CHECK(hooks.refused.cancelled());
      CHECK(hooks.waiting.done());
    }
    CHECK(hooks.heard);
    CHECK(hooks.waiter_told);
    CHECK(reports.count() == 0);
    hooks.refused = {};
    hooks.waiting = {};
  }
}

TEST_CASE("a refused main task: run() and simulation throw the hook's error") {
  class refuses_all final : public charkha::task_hooks {
   public:
    void on_spawn(const any_task& /*task*/) override { throw std::runtime_error("closed today"); }
  };
  refuses_all hooks;
  CHECK_THROWS_WITH(charkha::run(nothing(), {.workers = 2, .hooks = &hooks}), "closed today");
  charkha::simulation sim({.hooks = &hooks});
  CHECK_THROWS_WITH(sim.run(nothing()), "closed today");
}

TEST_CASE("tasks that a shutdown destroys are not announced as ended") {
  book hooks;
  charkha::test::report_log reports;
  {
    charkha::runtime rt{{.workers = 1, .reports = &reports, .hooks = &hooks}};
    auto stubborn = []() -> coro<> {
      for (;;) {
        try {
          co_await charkha::sleep(1h);
        } catch (const charkha::cancelled_error&) {
        }
      }
    };
    static_cast<void>(rt.spawn(stubborn(), {.name = "stubborn"}));
    rt.shutdown(20ms);
  }
  CHECK(hooks.spawned == std::vector<std::string>{"stubborn"});
  CHECK(hooks.ended.empty());
  CHECK(reports.count(charkha::report_kind::destroyed_while_pending) == 1);
}
