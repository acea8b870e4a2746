// SPDX-License-Identifier: Apache-2.0
// Who is asking: a task on the heap, or a child of when_all, whose handle outlives it.
#include "charkha/current_task.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "charkha/any_task.hpp"
#include "charkha/cancelled_error.hpp"
#include "charkha/context_var.hpp"
#include "charkha/create_task.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/gather.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

using charkha::any_task;
using charkha::cancelled_error;
using charkha::coro;
using charkha::current_task;
using charkha::when_all;
using charkha::test::crank;
using charkha::test::gate;

namespace {

/// A child that hands out its handle and waits.
coro<int> show(any_task& me, gate& at, int value) {
  me = current_task();
  co_await at.wait();
  co_return value;
}
coro<int> both(any_task& a, any_task& b, gate& first, gate& second) {
  const auto values = co_await when_all(show(a, first, 1), show(b, second, 2));
  co_return std::get<0>(values) * 10 + std::get<1>(values);
}
coro<> await_any(std::string& log, any_task of) {
  try {
    co_await of;
    log += 'v';
  } catch (const cancelled_error& request) {
    log += 'c' + request.message();
  } catch (const std::runtime_error& error) {
    log += std::string("e") + error.what();
  }
}

}  // namespace

TEST_CASE("it is the task's own handle, in nested coros too, and empty outside") {
  crank wheel;
  CHECK_FALSE(current_task());
  auto inner = []() -> coro<any_task> { co_return current_task(); };
  auto body = [](auto nested, any_task& out) -> coro<> {
    out = current_task();
    const any_task below = co_await nested();
    CHECK(out == below);
  };
  any_task seen;
  auto t = wheel.start(body(inner, seen), {.name = "asker"});
  wheel.run();
  CHECK(seen == t);
  CHECK(seen.name() == "asker");
  CHECK_NOTHROW(t.result());
  const crank::on_worker here(wheel);
  CHECK_FALSE(current_task());
}

TEST_CASE("a task may cancel itself by it: delivered at the next suspension (R26)") {
  crank wheel;
  gate at;
  auto body = [](gate& closed) -> coro<> {
    current_task().cancel("self");
    CHECK(current_task().cancelling() == 1);
    co_await closed.wait();
    CHECK(false);
  };
  auto t = wheel.start(body(at));
  wheel.run();
  CHECK(t.cancelled());
}

TEST_CASE("children of when_all are tasks of their own: different from each other and from the parent") {
  crank wheel;
  gate first, second;
  any_task a, b;
  auto t = wheel.start(both(a, b, first, second));
  wheel.run();
  REQUIRE(a);
  REQUIRE(b);
  CHECK_FALSE(a == b);
  CHECK_FALSE(a == t);
  CHECK_FALSE(a.done());
  CHECK(a.name() == "child of when_all");
  a.set_name("first");
  CHECK(a.name() == "first");
  first.open();
  wheel.run();
  CHECK(a.done());
  CHECK_FALSE(a.cancelled());
  CHECK(a.name() == "first");
  CHECK_FALSE(b.done());
  second.open();
  wheel.run();
  CHECK(t.result() == 12);
  CHECK(b.done());
  CHECK_FALSE(b.cancel());
  CHECK(b.exception() == nullptr);
  CHECK(b.cancelling() == 0);
  CHECK(b.uncancel() == 0);
  b.set_name("late");
  CHECK(b.name() == "late");
}

TEST_CASE("the handle of a child gives its context while it runs, and an empty one after its end") {
  charkha::context_var<int> depth("depth", 0);
  crank wheel;
  gate at;
  any_task child;
  auto inner = [&]() -> coro<> {
    child = current_task();
    depth.set(depth.get() + 1);
    co_await at.wait();
    CHECK(depth.get() == 7);
  };
  auto t = wheel.start([](auto inside, auto& variable) -> coro<> {
    variable.set(4);
    co_await when_all(inside());
    CHECK(variable.get() == 4);
  }(inner, depth));
  wheel.run();
  REQUIRE(child);
  CHECK(child.get_context().run([&] { return depth.get(); }) == 5);
  child.get_context().run([&] { depth.set(7); });
  CHECK(std::string(child.site().file_name()).empty());  // unknown
  at.open();
  wheel.run();
  CHECK(t.done());
  CHECK(child.get_context().run([&] { return depth.get(); }) == 0);
}

TEST_CASE("asking twice gives the same handle, across suspensions") {
  crank wheel;
  gate at;
  auto child = [](gate& closed) -> coro<> {
    const any_task before = current_task();
    co_await closed.wait();
    CHECK(before == current_task());
  };
  auto body = [](auto make, gate& closed) -> coro<> { co_await when_all(make(closed)); };
  auto t = wheel.start(body(child, at));
  wheel.run();
  at.open();
  wheel.run();
  CHECK_NOTHROW(t.result());
}

TEST_CASE("a child can be cancelled by its handle: it and its parent end cancelled, the sibling goes on") {
  crank wheel;
  gate first, second;
  any_task a, b;
  auto t = wheel.start(both(a, b, first, second));
  wheel.run();
  CHECK(a.cancel("only a"));
  CHECK(a.cancelling() == 1);
  wheel.run();
  CHECK(a.cancelled());
  CHECK_FALSE(b.done());
  CHECK_FALSE(t.done());
  second.open();
  wheel.run();
  CHECK(t.cancelled());
  CHECK_FALSE(b.cancelled());
}

TEST_CASE("other tasks may await a child by its handle; cancelling them cancels the child") {
  crank wheel;
  gate first, second;
  any_task a, b;
  std::string log;
  auto t = wheel.start(both(a, b, first, second));
  wheel.run();
  auto on_a = wheel.start(await_any(log, a));
  auto on_b = wheel.start(await_any(log, b));
  wheel.run();
  first.open();
  wheel.run();
  CHECK(log == "v");
  CHECK(on_b.cancel("x"));
  wheel.run();
  CHECK(b.cancelled());
  CHECK(log == "vcx");
  CHECK(t.cancelled());
}

TEST_CASE("a child's error reaches those who await its handle and counts as seen: it is the parent's") {
  crank wheel;
  gate at;
  any_task failing;
  std::string log;
  auto fail = [](any_task& me, gate& closed) -> coro<> {
    me = current_task();
    co_await closed.wait();
    throw std::runtime_error("bad");
  };
  auto body = [](auto make, any_task& me, gate& closed) -> coro<> {
    try {
      co_await when_all(make(me, closed));
    } catch (const charkha::exception_group&) {
    }
  };
  auto t = wheel.start(body(fail, failing, at));
  wheel.run();
  auto watching = wheel.start(await_any(log, failing));
  wheel.run();
  at.open();
  wheel.run();
  CHECK(log == "ebad");
  CHECK(failing.exception() != nullptr);
  failing = {};
  CHECK(wheel.reports().empty());
  CHECK(t.done());
  CHECK(watching.done());
}

TEST_CASE("a child cannot await itself; callbacks work on its handle, before and after its end") {
  crank wheel;
  std::string log;
  any_task me;
  auto child = [](any_task& self, std::string& out) -> coro<> {
    self = current_task();
    self.add_done_callback([&out](const any_task& ended) { out += ended.done() ? '1' : '0'; });
    CHECK_THROWS_AS(co_await self, charkha::usage_error);
  };
  auto body = [](auto make, any_task& self, std::string& out) -> coro<> { co_await when_all(make(self, out)); };
  auto t = wheel.start(body(child, me, log));
  wheel.run();
  me.add_done_callback([&log](const any_task&) { log += '2'; });
  wheel.run();
  CHECK(log == "12");
  CHECK_NOTHROW(t.result());
}

TEST_CASE("a circle through the handle of a child can be cancelled from each of its tasks") {
  for (int whom = 0; whom < 4; ++whom) {
    CAPTURE(whom);
    crank wheel;
    any_task child;
    charkha::task<> outside;
    std::string log;
    auto wait_for = [](any_task& me, charkha::task<>& other, gate& at) -> coro<> {
      me = current_task();
      co_await at.wait();
      co_await other;
    };
    auto await_child = [](any_task& of) -> coro<> { co_await of; };
    gate at;
    auto fork = [](auto make, any_task& me, charkha::task<>& other, gate& closed) -> coro<> {
      co_await when_all(make(me, other, closed));
    };
    auto parent = wheel.start(fork(wait_for, child, outside, at));
    wheel.run();
    outside = wheel.start(await_child(child));
    auto gathering = wheel.start([](any_task& of) -> coro<> { co_await charkha::gather(of); }(child));
    at.open();
    wheel.run();
    if (whom == 0) CHECK(child.cancel());
    if (whom == 1) CHECK(outside.cancel());
    if (whom == 2) CHECK(parent.cancel());
    if (whom == 3) CHECK(gathering.cancel());
    wheel.run();
    CHECK(child.cancelled());
    CHECK(outside.cancelled());
    CHECK(parent.cancelled());
    CHECK(gathering.cancelled());
  }
}

TEST_CASE("teardown: a child that is destroyed pending counts as cancelled; its handle stays good") {
  any_task a, b;
  gate first, second;
  {
    crank wheel;
    static_cast<void>(wheel.start(both(a, b, first, second)));
    wheel.run();
    bool called = false;
    a.add_done_callback([&called](const any_task&) { called = true; });
    wheel.tear_down();
    CHECK_FALSE(called);
    CHECK(a.cancelled());
    CHECK(b.cancelled());
    CHECK_FALSE(a.cancel());
    a = {};
    b = {};
    CHECK(wheel.retained() == 0);
  }
}

TEST_CASE("a child that swallows the request of its handle ends with its value") {
  crank wheel;
  gate at, then;
  any_task me;
  auto stubborn = [](any_task& self, gate& first, gate& second) -> coro<int> {
    self = current_task();
    try {
      co_await first.wait();
    } catch (const cancelled_error&) {
      CHECK(self.uncancel() == 0);
    }
    co_await second.wait();
    co_return 5;
  };
  auto body = [](auto make, any_task& self, gate& first, gate& second) -> coro<int> {
    const auto values = co_await when_all(make(self, first, second));
    co_return std::get<0>(values);
  };
  auto t = wheel.start(body(stubborn, me, at, then));
  wheel.run();
  CHECK(me.cancel("in vain"));
  wheel.run();
  CHECK_FALSE(me.done());
  then.open();
  wheel.run();
  CHECK(t.result() == 5);
  CHECK_FALSE(me.cancelled());
}
