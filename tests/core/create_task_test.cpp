// SPDX-License-Identifier: Apache-2.0
// Making tasks.
#include "charkha/create_task.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "charkha/usage_error.hpp"
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
