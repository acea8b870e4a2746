// SPDX-License-Identifier: Apache-2.0
// A whole program in one call.
#include "charkha/run.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "charkha/cancelled_error.hpp"
#include "charkha/create_task.hpp"
#include "charkha/sleep.hpp"
#include "charkha/usage_error.hpp"
#include "support/report_log.hpp"

using charkha::coro;
using charkha::run;
using namespace std::chrono_literals;

namespace {

coro<int> give(int value) { co_return value; }
coro<> sleep_long() { co_await charkha::sleep(1h); }

}  // namespace

TEST_CASE("run gives main's value, of any kind") {
  for (const int workers : {1, 2, 4}) {
    CAPTURE(workers);
    CHECK(run(give(3), {.workers = workers}) == 3);
    auto box = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
    CHECK(*run(box(), {.workers = workers}) == 4);
    int target = 0;
    auto refer = [](int& where) -> coro<int&> { co_return where; };
    CHECK(&run(refer(target), {.workers = workers}) == &target);
    auto nothing = []() -> coro<> { co_return; };
    CHECK_NOTHROW(run(nothing(), {.workers = workers}));
  }
}

TEST_CASE("run throws main's error, and nothing is reported") {
  charkha::test::report_log log;
  auto fails = []() -> coro<> {
    throw std::runtime_error("boom");
    co_return;
  };
  CHECK_THROWS_WITH(run(fails(), {.workers = 1, .reports = &log}), "boom");
  auto cancels = []() -> coro<> {
    throw charkha::cancelled_error("stop");
    co_return;
  };
  CHECK_THROWS_AS(run(cancels(), {.workers = 1, .reports = &log}), charkha::cancelled_error);
  CHECK(log.count() == 0);
}

TEST_CASE("when main has ended the other tasks are cancelled and awaited (R76)") {
  charkha::test::report_log log;
  std::atomic<bool> cleaned{false};
  auto background = [](std::atomic<bool>& done) -> coro<> {
    try {
      co_await charkha::sleep(1h);
    } catch (const charkha::cancelled_error&) {
      done = true;
      throw;
    }
  };
  auto body = [](auto make, std::atomic<bool>& done) -> coro<int> {
    static_cast<void>(charkha::create_task(make(done)));
    co_await charkha::sleep(1ms);
    co_return 1;
  };
  CHECK(run(body(background, cleaned), {.workers = 2, .reports = &log}) == 1);
  CHECK(cleaned);
  CHECK(log.count() == 0);
}

TEST_CASE("run returns although a task will not stop, and reports that one") {
  charkha::test::report_log log;
  auto stubborn = []() -> coro<> {
    for (;;) {
      try {
        co_await charkha::sleep(1h);
      } catch (const charkha::cancelled_error&) {
      }
    }
  };
  auto body = [](auto make) -> coro<int> {
    static_cast<void>(charkha::create_task(make(), {.name = "stubborn"}));
    co_await charkha::sleep(1ms);
    co_return 1;
  };
  CHECK(run(body(stubborn), {.workers = 2, .shutdown_timeout = 10ms, .reports = &log}) == 1);
  CHECK(log.names(charkha::report_kind::destroyed_while_pending) == std::vector<std::string>{"stubborn"});
}

TEST_CASE("the error of a background task is reported once") {
  charkha::test::report_log log;
  auto fails = []() -> coro<> {
    throw std::runtime_error("unseen");
    co_return;
  };
  auto body = [](auto make) -> coro<> {
    static_cast<void>(charkha::create_task(make(), {.name = "bad"}));
    co_await charkha::sleep(1ms);
  };
  run(body(fails), {.workers = 1, .reports = &log});
  CHECK(log.names(charkha::report_kind::error_never_retrieved) == std::vector<std::string>{"bad"});
  CHECK(log.count() == 1);
}

TEST_CASE("run is refused on a worker (R75), and may be called again outside") {
  auto nested = []() -> coro<> {
    CHECK_THROWS_AS(static_cast<void>(run(give(1), {.workers = 1})), charkha::usage_error);
    co_return;
  };
  CHECK_NOTHROW(run(nested(), {.workers = 1}));
  CHECK(run(give(2), {.workers = 1}) == 2);
}

TEST_CASE("main itself may be cancelled from within") {
  auto body = []() -> coro<> {
    auto inner = charkha::create_task(sleep_long());
    inner.cancel("inner");
    co_await inner;
  };
  CHECK_THROWS_AS(run(body(), {.workers = 1}), charkha::cancelled_error);
}
