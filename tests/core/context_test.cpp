// SPDX-License-Identifier: Apache-2.0
// The context of a task: copied when it is created, its own from then on, or shared on request (R64).
#include "charkha/context.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "charkha/context_var.hpp"
#include "charkha/create_task.hpp"
#include "charkha/current_task.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

using charkha::context;
using charkha::context_var;
using charkha::coro;
using charkha::create_task;
using charkha::task;
using charkha::test::crank;
using charkha::test::gate;
using charkha::test::tracked;

namespace {

const context_var<int> number("number", 0);

coro<> note_then_set(std::vector<int>& out, int value) {
  out.push_back(number.get());
  number.set(value);
  out.push_back(number.get());
  co_return;
}
coro<int> read() { co_return number.get(); }

}  // namespace

TEST_CASE("a task begins with a copy that was made when it was created; what it sets stays its own (R64)") {
  crank wheel;
  std::vector<int> seen;
  auto body = [](std::vector<int>& out) -> coro<> {
    number.set(1);
    auto child = create_task(note_then_set(out, 2));
    number.set(3);
    co_await child;
    out.push_back(number.get());
  };
  auto t = wheel.start(body(seen));
  wheel.run();
  CHECK(seen == std::vector<int>{1, 2, 3});
  CHECK(number.get() == 0);
  CHECK(t.done());
}

TEST_CASE("a foreign thread's context is copied, too, and not changed") {
  crank wheel;
  const auto before = number.set(8);
  std::vector<int> seen;
  auto t = wheel.start(note_then_set(seen, 9));
  number.reset(before);
  wheel.run();
  CHECK(seen == std::vector<int>{8, 9});
  CHECK(number.get() == 0);
  CHECK(t.done());
}

TEST_CASE("tasks that are given one context share it, across suspensions") {
  crank wheel;
  gate at;
  const context shared;
  auto setter = [](gate& closed) -> coro<> {
    number.set(1);
    co_await closed.wait();
    number.set(number.get() + 10);
  };
  auto a = wheel.start(setter(at), {.context = &shared});
  wheel.run();
  auto b = wheel.start(read(), {.context = &shared});
  wheel.run();
  CHECK(b.result() == 1);
  at.open();
  wheel.run();
  CHECK(shared.run([] { return number.get(); }) == 11);
  CHECK(a.get_context() == shared);
  CHECK(number.get() == 0);
}

TEST_CASE("run() calls a function in the context, gives its value and its error, and nests") {
  const context outer, inner;
  const int value = outer.run([&] {
    number.set(1);
    const int within = inner.run([] {
      number.set(2);
      return number.get();
    });
    return 10 * within + number.get();
  });
  CHECK(value == 21);
  CHECK_THROWS_AS(outer.run([] { throw std::runtime_error("x"); }), std::runtime_error);
  CHECK(number.get() == 0);
  CHECK(inner.run([] { return number.get(); }) == 2);
}

TEST_CASE("copy_current() is a snapshot") {
  const context mine;
  mine.run([&] {
    number.set(4);
    const auto copied = context::copy_current();
    CHECK_FALSE(copied == mine);
    number.set(5);
    CHECK(copied.run([] { return number.get(); }) == 4);
    copied.run([] { number.set(6); });
    CHECK(number.get() == 5);
  });
  const auto empty = context::copy_current();
  CHECK(empty.run([] { return number.get(); }) == 0);
}

TEST_CASE("a task that is created inside run() begins with that context, eager or not, and not beyond") {
  crank wheel;
  const crank::on_worker here(wheel);
  for (const bool eager : {false, true}) {
    const context special;
    auto t = special.run([&] {
      number.set(3);
      return create_task(read(), {.eager_start = eager});
    });
    wheel.run();
    CHECK(t.result() == 3);
    auto setting =
        special.run([&] { return create_task([]() -> coro<> { co_return static_cast<void>(number.set(7)); }); });
    wheel.run();
    CHECK(special.run([] { return number.get(); }) == 3);
    CHECK(setting.done());
  }
}

TEST_CASE("children of when_all have copies of their own") {
  crank wheel;
  std::vector<int> seen;
  auto body = [](std::vector<int>& out) -> coro<> {
    number.set(1);
    co_await charkha::when_all(note_then_set(out, 2), note_then_set(out, 3));
    out.push_back(number.get());
  };
  auto t = wheel.start(body(seen));
  wheel.run();
  CHECK(seen == std::vector<int>{1, 2, 1, 3, 1});
  CHECK(t.done());
}

TEST_CASE("get_context() is the task's own context, for a pending and for a done task") {
  crank wheel;
  gate at;
  auto body = [](gate& closed) -> coro<> {
    number.set(5);
    co_await closed.wait();
    CHECK(number.get() == 6);
  };
  auto t = wheel.start(body(at));
  wheel.run();
  t.get_context().run([] { number.set(6); });
  at.open();
  wheel.run();
  CHECK_NOTHROW(t.result());
  CHECK(t.get_context().run([] { return number.get(); }) == 6);
}

TEST_CASE("a value lives as long as a context has it") {
  tracked::reset();
  const context_var<tracked> variable("tracked");
  {
    context kept;
    kept.run([&] { variable.set(tracked(1)); });
    CHECK(tracked::alive == 1);
    crank wheel;
    gate at;
    auto wait = [](gate& closed) -> coro<> { co_await closed.wait(); };
    auto t = kept.run([&] { return wheel.start(wait(at)); });
    wheel.run();
    kept = context();
    CHECK(tracked::alive == 1);
    at.open();
    wheel.run();
  }
  CHECK(tracked::alive == 0);
}
