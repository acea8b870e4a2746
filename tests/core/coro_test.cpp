// SPDX-License-Identifier: Apache-2.0
// The lazy coroutine.
#include "charkha/coro.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

using charkha::coro;
using charkha::test::crank;
using charkha::test::gate;
using charkha::test::tracked;

namespace {

coro<> note(std::vector<std::string>& log, std::string text) {
  log.push_back(std::move(text));
  co_return;
}
coro<int> number(int value) { co_return value; }
coro<std::unique_ptr<int>> boxed(int value) { co_return std::make_unique<int>(value); }
coro<int&> refer(int& target) { co_return target; }
coro<int> fail() {
  throw std::runtime_error("boom");
  co_return 0;
}
coro<int> fail_after(gate& at) {
  co_await at.wait();
  throw std::runtime_error("boom");
}
coro<std::string> from_literal() { co_return "converted"; }
coro<std::string> from_braces() { co_return {"braces"}; }

coro<int> sum() {
  const int a = co_await number(1);
  auto lazy = number(2);
  const int b = co_await std::move(lazy);
  co_return a + b;
}
coro<int> recover() {
  try {
    co_return co_await fail();
  } catch (const std::runtime_error&) {
  }
  co_return -1;
}
coro<> hold(gate& at, tracked parameter) {
  const tracked local(parameter.value);
  co_await at.wait();
}
coro<> nest(gate& at) {
  const tracked outer(1);
  co_await hold(at, tracked(2));
}
coro<int> deep(int levels) {
  if (levels == 0) co_return 0;
  const int below = co_await deep(levels - 1);
  co_return below + 1;
}

}  // namespace

TEST_CASE("a coro does nothing until it is awaited") {
  std::vector<std::string> log;
  crank wheel;
  auto body = [](std::vector<std::string>& out) -> coro<> {
    auto lazy = note(out, "lazy");
    out.emplace_back("before");
    co_await std::move(lazy);
    out.emplace_back("after");
  };
  auto t = wheel.start(body(log));
  CHECK(log.empty());
  wheel.run();
  CHECK(log == std::vector<std::string>{"before", "lazy", "after"});
  CHECK_NOTHROW(t.result());
}

TEST_CASE("awaiting gives the value: plain, move-only, reference, nothing, converted") {
  static_assert(!std::is_copy_constructible_v<coro<int>>);
  crank wheel;
  int target = 0;
  auto body = [](int& where) -> coro<> {
    const int plain = co_await sum();
    CHECK(plain == 3);
    const auto box = co_await boxed(4);
    CHECK(*box == 4);
    int& same = co_await refer(where);
    CHECK(&same == &where);
    const auto text = co_await from_literal();
    CHECK(text == "converted");
    const auto braces = co_await from_braces();
    CHECK(braces == "braces");
    where = 1;
  };
  auto t = wheel.start(body(target));
  CHECK(wheel.run() == 1);  // awaiting coros takes no turn
  CHECK(target == 1);
  CHECK_NOTHROW(t.result());
}

TEST_CASE("an exception is thrown at the co_await, before and after a suspension") {
  crank wheel;
  gate at;
  auto direct = wheel.start(recover());
  auto passed = wheel.start(fail_after(at));
  wheel.run();
  CHECK(direct.result() == -1);
  CHECK_FALSE(passed.done());
  at.open();
  wheel.run();
  CHECK_THROWS_WITH(passed.result(), "boom");
}

TEST_CASE("a coro that is destroyed before it ran runs nothing and destroys its parameters") {
  tracked::reset();
  gate at;
  {
    auto lazy = hold(at, tracked(1));
    CHECK(lazy);
    CHECK(tracked::alive == 1);
  }
  CHECK(tracked::alive == 0);
}

TEST_CASE("moving leaves an empty coro, assignment destroys the old one, to itself nothing happens") {
  tracked::reset();
  gate at;
  auto a = hold(at, tracked(1));
  auto b = hold(at, tracked(2));
  CHECK(tracked::alive == 2);
  a = std::move(b);
  CHECK(tracked::alive == 1);
  CHECK(a);
  CHECK_FALSE(b);  // NOLINT(bugprone-use-after-move): empty by contract
  auto& same = a;
  a = std::move(same);
  CHECK(a);
  CHECK(tracked::alive == 1);
}

TEST_CASE("a task that is destroyed while it is suspended destroys the locals of all its coros") {
  tracked::reset();
  gate at;
  {
    crank wheel;
    static_cast<void>(wheel.start(nest(at)));
    wheel.run();
    CHECK(tracked::alive == 4);  // two locals, a parameter, and the argument that it was made from
  }
  CHECK(tracked::alive == 0);
}

TEST_CASE("locals and parameters are gone before awaiters learn of the end") {
  tracked::reset();
  crank wheel;
  gate at;
  auto inner = wheel.start(nest(at));
  auto watcher = [](charkha::task<> of) -> coro<> {
    co_await of;
    CHECK(tracked::alive == 0);
  };
  auto outer = wheel.start(watcher(inner));
  wheel.run();
  CHECK(tracked::alive == 4);  // two locals, a parameter, and the argument that it was made from
  at.open();
  wheel.run();
  CHECK(outer.done());
  CHECK_NOTHROW(outer.result());
}

TEST_CASE("a coro awaits itself to any depth") {
  crank wheel;
  auto t = wheel.start(deep(20'000));
  CHECK(wheel.run() == 1);
  CHECK(t.result() == 20'000);
}

TEST_CASE("awaiting a coro that was handed over before is refused") {
  charkha::test::crank wheel;
  auto body = []() -> charkha::coro<> {
    auto first = []() -> charkha::coro<> { co_return; }();
    auto second = std::move(first);
    co_await std::move(second);
    co_await std::move(first);  // NOLINT(bugprone-use-after-move): that is the point
  };
  auto t = wheel.start(body());
  wheel.run();
  CHECK_THROWS_AS(t.result(), charkha::usage_error);
}

namespace {

coro<> drop_one() {
  {
    const auto forgotten = number(1);
  }
  auto replaced = number(2);
  replaced = number(3);
  const int kept = co_await std::move(replaced);
  CHECK(kept == 3);
}
coro<> take(coro<int> /*never awaited*/) { co_return; }
coro<> hand_over() {
  auto made = charkha::create_task(number(1));
  auto discarded = number(2);
  charkha::detail::coro_access::discard(discarded);
  auto moved = number(3);
  auto there = std::move(moved);
  const int a = co_await std::move(there);
  const int b = co_await made;
  CHECK(a + b == 4);
  CHECK_THROWS_AS(co_await fail(), std::runtime_error);
}

}  // namespace

TEST_CASE(
    "a coro that goes on a worker and was never started is told to the runtime, with the task whose step it was") {
  crank wheel;
  auto t = wheel.start(drop_one());
  wheel.run();
  CHECK_NOTHROW(t.result());
  auto& self = charkha::detail::task_access::block(t);
  CHECK(wheel.never_awaited() == std::vector<charkha::detail::task_core*>{&self, &self});
  auto parameter = wheel.start(take(number(1)));
  wheel.run();
  CHECK_NOTHROW(parameter.result());
  REQUIRE(wheel.never_awaited().size() == 3);
  CHECK(wheel.never_awaited()[2] == &charkha::detail::task_access::block(parameter));
}

TEST_CASE("one that was awaited, handed over, moved from or discarded is not; nor is one that goes elsewhere") {
  crank wheel;
  auto t = wheel.start(hand_over());
  wheel.run();
  CHECK_NOTHROW(t.result());
  {
    const auto outside = number(1);
  }
  auto cancelled = wheel.start(number(2));
  cancelled.cancel();
  wheel.run();
  CHECK(cancelled.cancelled());
  CHECK(wheel.never_awaited().empty());
}
