// SPDX-License-Identifier: Apache-2.0
// Scopes that a worker is inside of, and how cancel requests get into them. Workers are stepped by hand; a child steps
// the thief from within its own step, which stands for a thief at work meanwhile.
#include "charkha/detail/fork_scope.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/checkpoint.hpp"
#include "charkha/when_all.hpp"
#include "charkha/yield.hpp"
#include "support/gate.hpp"
#include "support/hand_runtime.hpp"
#include "worker.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::task;
using charkha::when_all;
using charkha::detail::worker;
using charkha::test::gate;
using charkha::test::hand_runtime;

namespace {

coro<> wait_at(gate& at, bool& began, bool& cancelled) {
  began = true;
  try {
    co_await at.wait();
  } catch (const cancelled_error&) {
    cancelled = true;
    throw;
  }
}

/// As a thread outside asks.
void cancel_from_outside(const task<>& which) {
  auto* const here = charkha::detail::current_worker();
  charkha::detail::set_current_worker(nullptr);
  which.cancel();
  charkha::detail::set_current_worker(here);
}

/// Lets worker 1 take what it finds until it parks.
coro<> let_thief_work(hand_runtime& runtime) {
  runtime.run(1);
  co_return;
}

}  // namespace

TEST_CASE("a request for the parent reaches a child that a thief took, while its own worker computes") {
  hand_runtime runtime(2);
  gate never;
  bool began = false, cancelled = false;
  bool cancelled_inside = false;
  task<> parent;
  auto compute = [](hand_runtime& all, task<>& self, const bool& told, bool& seen) -> coro<> {
    co_await let_thief_work(all);
    cancel_from_outside(self);
    all.run(1);
    seen = told;
    co_return;
  };
  auto body = [&]() -> coro<> {
    co_await when_all(compute(runtime, parent, cancelled, cancelled_inside), wait_at(never, began, cancelled));
  };
  parent = runtime.create_on(0, body());
  runtime.run(0);
  CHECK(began);
  CHECK(cancelled_inside);
  runtime.settle();
  CHECK(parent.cancelled());
}

TEST_CASE("the same three scopes down") {
  hand_runtime runtime(2);
  gate never;
  bool began = false, cancelled = false, cancelled_inside = false;
  task<> top;
  auto compute = [&]() -> coro<> {
    runtime.run(1);
    cancel_from_outside(top);
    runtime.run(1);
    cancelled_inside = cancelled;
    co_return;
  };
  auto third = [&]() -> coro<> { co_await when_all(compute(), wait_at(never, began, cancelled)); };
  auto second = [&]() -> coro<> { co_await when_all(third()); };
  auto first = [&]() -> coro<> { co_await when_all(second()); };
  top = runtime.create_on(0, first());
  runtime.run(0);
  CHECK(began);
  CHECK(cancelled_inside);
  runtime.settle();
  CHECK(top.cancelled());
}

TEST_CASE("a child that cancels the task it computes for keeps its siblings from beginning") {
  hand_runtime runtime(1);
  task<> top;
  int ran = 0;
  auto sibling = [&]() -> coro<> {
    ++ran;
    co_return;
  };
  auto stop = [&]() -> coro<> {
    top.cancel();
    co_return;
  };
  auto inner = [&]() -> coro<> { co_await when_all(stop(), sibling(), sibling()); };
  auto outer = [&]() -> coro<> { co_await when_all(inner(), sibling()); };
  top = runtime.create_on(0, outer());
  runtime.run(0);
  CHECK(ran == 0);
  CHECK(top.cancelled());
}

TEST_CASE("a request from outside reaches children that never suspend after no more than fork_limit of them") {
  hand_runtime runtime(1);
  task<> top;
  std::int64_t after = 0;
  bool asked = false;
  auto child = [&](int index) -> coro<> {
    if (asked) ++after;
    if (index == 100) {
      cancel_from_outside(top);
      asked = true;
    }
    co_return;
  };
  auto body = [&]() -> coro<> {
    std::vector<coro<>> children;
    for (int i = 0; i < 1000; ++i) children.push_back(child(i));
    co_await when_all(std::move(children));
  };
  top = runtime.create_on(0, body());
  runtime.run(0);
  CHECK(asked);
  CHECK(after <= worker::fork_limit);
  CHECK(top.cancelled());
}

TEST_CASE("a checkpoint sees a request for the task that the child computes for") {
  hand_runtime runtime(1);
  task<> top;
  bool passed = false, stopped = false;
  auto child = [&]() -> coro<> {
    cancel_from_outside(top);
    try {
      co_await charkha::checkpoint();
      passed = true;
    } catch (const cancelled_error&) {
      stopped = true;
      throw;
    }
  };
  auto body = [&]() -> coro<> { co_await when_all(child()); };
  top = runtime.create_on(0, body());
  runtime.run(0);
  CHECK_FALSE(passed);
  CHECK(stopped);
  CHECK(top.cancelled());
}

TEST_CASE("a parent whose children all end inside goes on at once and takes a request that came meanwhile") {
  hand_runtime runtime(1);
  task<> top;
  bool thrown = false;
  auto child = [&]() -> coro<> {
    cancel_from_outside(top);
    co_return;
  };
  auto body = [&]() -> coro<> {
    try {
      co_await when_all(child());
    } catch (const cancelled_error&) {
      thrown = true;
      throw;
    }
  };
  top = runtime.create_on(0, body());
  runtime.run(0);
  CHECK(thrown);
  CHECK(top.cancelled());
}

TEST_CASE("each child is counted once, whoever ends it and wherever the worker leaves") {
  // Children in every mix of: ends at once, yields, forks, lets a thief work.
  for (unsigned mix = 0; mix < 256; ++mix) {
    CAPTURE(mix);
    hand_runtime runtime(2);
    int ended = 0;
    auto leaf = [&]() -> coro<> {
      ++ended;
      co_return;
    };
    auto child = [&](unsigned kind) -> coro<> {
      if (kind == 1) co_await charkha::yield();
      if (kind == 2) co_await when_all(leaf(), leaf(), leaf());
      if (kind == 3) runtime.run(1);
      ++ended;
    };
    auto body = [&]() -> coro<int> {
      co_await when_all(child(mix & 3), child(mix >> 2 & 3), child(mix >> 4 & 3), child(mix >> 6 & 3));
      co_return ended;
    };
    int expected = 4;
    for (unsigned i = 0; i < 4; ++i) expected += (mix >> (2 * i) & 3) == 2 ? 3 : 0;
    auto top = runtime.create_on(0, body());
    runtime.settle();
    REQUIRE(top.done());
    CHECK(top.result() == expected);
  }
}
