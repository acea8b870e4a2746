// SPDX-License-Identifier: Apache-2.0
// Making tasks.
#include "charkha/create_task.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/context.hpp"
#include "charkha/context_var.hpp"
#include "charkha/current_task.hpp"
#include "charkha/strand.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

using charkha::coro;
using charkha::create_task;
using charkha::task;
using charkha::test::crank;
using charkha::test::gate;
using charkha::test::tracked;

namespace {

coro<> append(std::string& log, char letter) {
  log += letter;
  co_return;
}
coro<int> take_box(std::unique_ptr<int> box) { co_return *box; }
coro<int> add(int a, int b) { co_return a + b; }
coro<int> add3(int a, int b, int c) { co_return a + b + c; }
coro<int> add4(int a, int b, int c, int d) { co_return a + b + c + d; }
coro<> look(gate& at, const tracked& value, int& seen) {
  co_await at.wait();
  seen = value.value;
}

}  // namespace

TEST_CASE("create_task returns before the body has run; tasks start in the order of their creation") {
  crank wheel;
  std::string log;
  auto body = [](std::string& out) -> coro<> {
    auto a = create_task(append(out, 'a'));
    auto b = create_task(append(out, 'b'));
    out += '-';
    co_await b;
    co_await a;
    out += '.';
  };
  auto t = wheel.start(body(log));
  CHECK(log.empty());
  wheel.run();
  CHECK(log == "-ab.");
  CHECK(t.done());
}

TEST_CASE("a function is called inside the task, with moved arguments, zero to four of them") {
  crank wheel;
  const crank::on_worker here(wheel);
  auto none = create_task([]() -> coro<int> { co_return 0; });
  auto one = create_task(take_box, std::make_unique<int>(1));
  auto two = create_task(add, 1, 1);
  auto three = create_task(add3, 1, 1, 1);
  auto four = create_task(add4, 1, 1, 1, 1);
  wheel.run();
  CHECK(none.result() == 0);
  CHECK(one.result() == 1);
  CHECK(two.result() == 2);
  CHECK(three.result() == 3);
  CHECK(four.result() == 4);
}

TEST_CASE("captures and arguments live in the task's frame until it ends, then they go") {
  tracked::reset();
  crank wheel;
  const crank::on_worker here(wheel);
  gate at;
  int seen = 0, captured = 0;
  {
    const tracked argument(5);
    static_cast<void>(create_task(look, std::ref(at), argument, std::ref(seen)));
    static_cast<void>(create_task([&at, &captured, value = tracked(6)]() -> coro<> {
      co_await at.wait();
      captured = value.value;
    }));
  }
  wheel.run();
  CHECK(tracked::alive == 2);
  at.open();
  wheel.run();
  CHECK(seen == 5);
  CHECK(captured == 6);
  CHECK(tracked::alive == 0);
}

TEST_CASE("a function does not run before its task does") {
  crank wheel;
  const crank::on_worker here(wheel);
  bool called = false;
  auto t = create_task([&called] {
    called = true;
    return add(1, 2);
  });
  CHECK_FALSE(called);
  wheel.run();
  CHECK(called);
  CHECK(t.result() == 3);
}

TEST_CASE("the name and the caller's location are kept, in both forms") {
  crank wheel;
  const crank::on_worker here(wheel);
  std::string name = "given";
  auto a = create_task(add(1, 2), {.name = name});
  const auto line_a = __LINE__ - 1;
  auto b = create_task(add, 1, 2, {.name = "other"});
  const auto line_b = __LINE__ - 1;
  name = "changed";
  CHECK(a.name() == "given");
  CHECK(b.name() == "other");
  CHECK(a.site().line() == line_a);
  CHECK(b.site().line() == line_b);
  CHECK(std::string_view(a.site().file_name()).ends_with("create_task_test.cpp"));
  auto unnamed = create_task(add(1, 2));
  CHECK(unnamed.name().starts_with("Task-"));
  unnamed.set_name("now named");
  CHECK(unnamed.name() == "now named");
  wheel.run();
  CHECK(unnamed.name() == "now named");
}

TEST_CASE("outside a runtime it is a usage_error, and nothing has run") {
  std::string log;
  CHECK_THROWS_AS(static_cast<void>(create_task(append(log, 'a'))), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(create_task([]() -> coro<> { co_return; })), charkha::usage_error);
  CHECK(log.empty());
}

TEST_CASE("an empty coro is a usage_error") {
  crank wheel;
  const crank::on_worker here(wheel);
  auto body = add(1, 2);
  auto taken = std::move(body);
  CHECK_THROWS_AS(static_cast<void>(create_task(std::move(body))),
                  charkha::usage_error);  // NOLINT(bugprone-use-after-move)
  CHECK(wheel.blocks() == 0);
  CHECK(taken);
}

TEST_CASE("a closed runtime refuses, destroys the body without running it and keeps no block") {
  tracked::reset();
  crank wheel;
  const crank::on_worker here(wheel);
  wheel.close();
  bool ran = false;
  auto body = [](bool& flag, tracked) -> coro<> {
    flag = true;
    co_return;
  };
  CHECK_THROWS_AS(static_cast<void>(create_task(body(ran, tracked(1)))), charkha::usage_error);
  CHECK(tracked::alive == 0);
  CHECK(wheel.blocks() == 0);
  CHECK(wheel.run() == 0);
  CHECK_FALSE(ran);
}

TEST_CASE("dropping the handle detaches the task: it runs to its end and its block goes") {
  crank wheel;
  const crank::on_worker here(wheel);
  std::string log;
  static_cast<void>(create_task(append(log, 'a')));
  CHECK(wheel.blocks() == 1);
  wheel.run();
  CHECK(log == "a");
  CHECK(wheel.blocks() == 0);
}

TEST_CASE("eager_start: the body runs inside create_task up to its first suspension (R3)") {
  crank wheel;
  gate at;
  std::string log;
  auto waits = [](std::string& out, gate& closed) -> coro<> {
    out += '1';
    co_await closed.wait();
    out += '2';
  };
  auto body = [](std::string& out, gate& closed, auto make) -> coro<> {
    auto quick = create_task(append(out, 'q'), {.eager_start = true});
    CHECK(quick.done());
    auto slow = create_task(make(out, closed), {.eager_start = true});
    CHECK_FALSE(slow.done());
    out += '.';
    co_await slow;
  };
  auto t = wheel.start(body(log, at, waits));
  CHECK(wheel.run() == 1);  // what ended at once was never queued
  CHECK(log == "q1.");
  at.open();
  wheel.run();
  CHECK(log == "q1.2");
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
}

TEST_CASE("eager_start swaps current_task and the context, and gives them back, nested too") {
  crank wheel;
  static const charkha::context_var<int> variable("v", 0);
  auto inner = []() -> coro<> {
    CHECK(charkha::current_task().name() == "inner");
    CHECK(variable.get() == 2);
    variable.set(3);
    co_return;
  };
  auto middle = [](auto make) -> coro<> {
    CHECK(charkha::current_task().name() == "middle");
    CHECK(variable.get() == 1);
    variable.set(2);
    auto t = create_task(make(), {.name = "inner", .eager_start = true});
    CHECK(t.done());
    CHECK(charkha::current_task().name() == "middle");
    CHECK(variable.get() == 2);
    co_return;
  };
  auto body = [](auto outer_body, auto inner_body) -> coro<> {
    variable.set(1);
    auto t = create_task(outer_body(inner_body), {.name = "middle", .eager_start = true});
    CHECK(t.done());
    CHECK_NOTHROW(t.result());
    CHECK(charkha::current_task().name() == "outer");
    CHECK(variable.get() == 1);
    co_return;
  };
  auto t = wheel.start(body(middle, inner), {.name = "outer"});
  wheel.run();
  CHECK_NOTHROW(t.result());
}

TEST_CASE("an eager task that fails is done with its error, which create_task does not throw") {
  crank wheel;
  const crank::on_worker here(wheel);
  auto fail = []() -> coro<> {
    throw std::runtime_error("at once");
    co_return;
  };
  auto t = create_task(fail(), {.eager_start = true});
  CHECK(t.done());
  CHECK_THROWS_WITH(t.result(), "at once");
  static_cast<void>(create_task(fail(), {.name = "lost", .eager_start = true}));
  CHECK(wheel.reports() == std::vector<std::string>{"lost: at once"});
}

TEST_CASE(
    "an eager task that forks: its first child begins at once, others in their turns, whoever created it goes on") {
  crank wheel;
  gate at;
  std::string log;
  auto child = [](std::string& out, char letter, gate& closed) -> coro<> {
    out += letter;
    co_await closed.wait();
  };
  auto fork = [](std::string& out, gate& closed, auto make) -> coro<> {
    co_await charkha::when_all(append(out, 'a'), make(out, 'b', closed), append(out, 'c'));
    out += '!';
  };
  auto body = [](std::string& out, gate& closed, auto forking, auto make) -> coro<> {
    auto t = create_task(forking(out, closed, make), {.eager_start = true});
    out += '.';
    co_await t;
    CHECK(charkha::current_task().name() == "creator");
  };
  auto t = wheel.start(body(log, at, fork, child), {.name = "creator"});
  wheel.run();
  CHECK(log == "a.bc");
  at.open();
  wheel.run();
  CHECK(log == "a.bc!");
  CHECK_NOTHROW(t.result());
}

TEST_CASE("an eager task may start in a callback, outside any task, and await what its creator does") {
  crank wheel;
  std::string log;
  auto f = wheel.start(add(1, 2));
  f.add_done_callback([&log](const task<int>&) {
    auto t = create_task(append(log, 'e'), {.eager_start = true});
    log += t.done() ? '.' : '?';
    CHECK_FALSE(charkha::current_task());
  });
  wheel.run();
  CHECK(log == "e.");
}

TEST_CASE("an eager task that cancels itself ends at its first suspension") {
  crank wheel;
  const crank::on_worker here(wheel);
  gate at;
  auto body = [](gate& closed) -> coro<> {
    charkha::current_task().cancel();
    co_await closed.wait();
  };
  auto t = create_task(body(at), {.eager_start = true});
  CHECK_FALSE(t.done());
  wheel.run();
  CHECK(t.cancelled());
}

TEST_CASE("options that do not go together are usage_errors: nothing has run, nothing is left") {
  crank wheel, foreign;
  std::string log;
  CHECK_THROWS_AS(static_cast<void>(wheel.start(append(log, 'x'), {.eager_start = true})), charkha::usage_error);
  {
    const crank::on_worker here(foreign);
    CHECK_THROWS_AS(static_cast<void>(wheel.start(append(log, 'x'), {.eager_start = true})), charkha::usage_error);
    const charkha::strand on;
    CHECK_THROWS_AS(static_cast<void>(wheel.start(append(log, 'x'), {.name = "n", .on = &on})), charkha::usage_error);
    CHECK_THROWS_AS(static_cast<void>(create_task(append(log, 'x'), {.on = &on, .eager_start = true})),
                    charkha::usage_error);
  }
  CHECK(log.empty());
  CHECK(wheel.blocks() == 0);
  CHECK(foreign.blocks() == 0);
}

TEST_CASE("an eager task is torn down like any other") {
  tracked::reset();
  gate at;
  crank wheel;
  {
    const crank::on_worker here(wheel);
    auto body = [](gate& closed, tracked) -> coro<> { co_await closed.wait(); };
    static_cast<void>(create_task(body(at, tracked(1)), {.eager_start = true}));
  }
  CHECK(tracked::alive == 1);
  wheel.tear_down();
  CHECK(tracked::alive == 0);
  CHECK(wheel.blocks() == 0);
}
