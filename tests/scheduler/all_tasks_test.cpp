// SPDX-License-Identifier: Apache-2.0
// What a runtime still has to do (R65).
#include "charkha/all_tasks.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "charkha/create_task.hpp"
#include "charkha/current_task.hpp"
#include "charkha/runtime.hpp"
#include "charkha/sleep.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/every_runtime.hpp"

using charkha::all_tasks;
using charkha::any_task;
using charkha::coro;
using charkha::create_task;
using charkha::task;
using namespace std::chrono_literals;

namespace {

coro<> nap(std::chrono::nanoseconds time) { co_await charkha::sleep(time); }
bool has(const std::vector<any_task>& tasks, const any_task& wanted) {
  return std::count(tasks.begin(), tasks.end(), wanted) == 1;
}

}  // namespace

TEST_CASE("the caller and all that is pending are listed once; what has ended is not") {
  charkha::test::on_every_runtime([]() -> coro<> {
    auto done = create_task(nap(0s));
    co_await done;
    std::vector<task<>> pending;
    for (int i = 0; i < 20; ++i) pending.push_back(create_task(nap(1h)));
    const auto all = all_tasks();
    CHECK(all.size() == 21);
    CHECK(has(all, charkha::current_task()));
    CHECK_FALSE(has(all, done));
    for (const auto& each : pending) CHECK(has(all, each));
    for (const auto& each : pending) each.cancel();
    co_await charkha::sleep(1us);
  });
}

TEST_CASE("children of when_all are not listed, detached tasks are") {
  charkha::simulation sim({.workers = 2});
  auto body = []() -> coro<> {
    static_cast<void>(create_task(nap(1s), {.name = "detached"}));
    auto look = []() -> coro<std::size_t> {
      co_await charkha::sleep(1us);
      const std::size_t count = all_tasks().size();
      co_return count;
    };
    const auto both = co_await charkha::when_all(look(), look());
    CHECK(std::get<0>(both) == 2);
    std::vector<std::string> names;
    for (const auto& each : all_tasks()) names.push_back(each.name());
    CHECK(std::count(names.begin(), names.end(), "detached") == 1);
    co_await charkha::sleep(2s);
    CHECK(all_tasks().size() == 1);
  };
  CHECK_NOTHROW(sim.run(body()));
}

TEST_CASE("from outside a runtime is asked by name; a thread that is no worker is refused") {
  CHECK_THROWS_AS(static_cast<void>(all_tasks()), charkha::usage_error);
  charkha::runtime rt{{.workers = 2}};
  CHECK(rt.all_tasks().empty());
  auto t = rt.spawn(nap(1h));
  CHECK(rt.all_tasks() == std::vector<any_task>{t});
  t.cancel();
  CHECK_THROWS(t.get());
  CHECK(rt.all_tasks().empty());
}

TEST_CASE("while tasks come and go on threads, what is pending all along is always listed") {
  charkha::test::on_every_thread_count([]() -> coro<> {
    auto staying = create_task(nap(1h));
    auto churn = []() -> coro<> {
      for (int i = 0; i < 300; ++i) {
        auto t = create_task(nap(0s));
        co_await t;
      }
    };
    std::vector<task<>> busy;
    for (int i = 0; i < 4; ++i) busy.push_back(create_task(churn()));
    for (int i = 0; i < 200; ++i) {
      const auto all = all_tasks();
      REQUIRE(has(all, staying));
      REQUIRE(has(all, charkha::current_task()));
      co_await charkha::sleep(0s);
    }
    for (auto& each : busy) co_await each;
    staying.cancel();
  });
}
