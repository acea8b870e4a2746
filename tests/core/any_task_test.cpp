// SPDX-License-Identifier: Apache-2.0
// The handle of a task without its value. What tasks do is in task_test.cpp, children of when_all in
// current_task_test.cpp.
#include "charkha/any_task.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <type_traits>

#include "charkha/cancelled_error.hpp"
#include "charkha/invalid_state_error.hpp"
#include "charkha/task.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

using charkha::any_future;
using charkha::any_task;
using charkha::coro;
using charkha::task;
using charkha::test::crank;
using charkha::test::gate;

namespace {

coro<int> give_at(gate& at, int value) {
  co_await at.wait();
  co_return value;
}
coro<int> fail() {
  throw std::runtime_error("bad");
  co_return 0;
}

}  // namespace

TEST_CASE("a task converts to it, it to any_future, and never back") {
  static_assert(std::is_convertible_v<task<int>, any_task> && std::is_convertible_v<any_task, any_future>);
  static_assert(!std::is_convertible_v<any_task, task<int>> && !std::is_convertible_v<any_future, any_task>);
  crank wheel;
  gate at;
  auto t = wheel.start(give_at(at, 1), {.name = "n"});
  const any_task any = t;
  CHECK(any == t);
  CHECK(any.name() == "n");
  any.set_name("m");
  CHECK(t.name() == "m");
  CHECK(any.site().line() == t.site().line());
  CHECK_FALSE(any.done());
  CHECK_THROWS_AS(static_cast<void>(any.exception()), charkha::invalid_state_error);
  wheel.run();
  at.open();
  wheel.run();
  CHECK(any.done());
  CHECK(any.exception() == nullptr);
}

TEST_CASE("it counts requests and takes them back (R32, R33)") {
  crank wheel;
  gate at;
  const any_task t = wheel.start(give_at(at, 1));
  CHECK(t.cancel());
  CHECK(t.cancel());
  CHECK(t.cancelling() == 2);
  CHECK(t.uncancel() == 1);
  CHECK(t.uncancel() == 0);
  wheel.run();
  CHECK_FALSE(t.done());  // withdrawn before it was delivered
  at.open();
  wheel.run();
  CHECK_FALSE(t.cancelled());
}

TEST_CASE("awaiting it gives nothing, or the task's error, which then counts as seen") {
  crank wheel;
  {
    const any_task good = wheel.start([]() -> coro<int> { co_return 1; }()), bad = wheel.start(fail());
    std::string log;
    auto body = [](any_task first, any_task second, std::string& out) -> coro<> {
      co_await first;
      try {
        co_await second;
      } catch (const std::runtime_error& error) {
        out = error.what();
      }
    };
    auto t = wheel.start(body(good, bad, log));
    wheel.run();
    CHECK(log == "bad");
    CHECK_NOTHROW(t.result());
  }
  CHECK(wheel.reports().empty());
  CHECK(wheel.blocks() == 0);
}

TEST_CASE("its callbacks get an any_task; the last handle may be the callback's") {
  crank wheel;
  std::string name;
  {
    const any_task t = wheel.start(fail(), {.name = "failing"});
    t.add_done_callback([&name](const any_task& done) {
      name = done.name();
      CHECK(done.exception() != nullptr);
    });
  }
  wheel.run();
  CHECK(name == "failing");
  CHECK(wheel.reports().empty());
  CHECK(wheel.blocks() == 0);
}

TEST_CASE("on an empty handle everything is a usage_error") {
  const any_task none;
  CHECK_THROWS_AS(static_cast<void>(none.cancelling()), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(none.uncancel()), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(none.name()), charkha::usage_error);
  CHECK_THROWS_AS(none.set_name("x"), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(none.site()), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(none.get_context()), charkha::usage_error);
}
