// SPDX-License-Identifier: Apache-2.0
// How cancel requests walk along tasks that await each other: in order, without nesting, out of circles.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/gather.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

namespace {

using charkha::test::crank;
using charkha::test::gate;

charkha::coro<> note_cancel(gate& at, std::string& log, char letter) {
  try {
    co_await at.wait();
  } catch (const charkha::cancelled_error&) {
    log += letter;
    throw;
  }
}
charkha::coro<int> give_at(gate& at, int value) {
  co_await at.wait();
  co_return value;
}

charkha::coro<> pass(gate& at) { co_await at.wait(); }
charkha::coro<> gather_one(charkha::task<> inner) { co_await charkha::gather(std::move(inner)); }
charkha::coro<> await_later(charkha::task<>& other) { co_await other; }
charkha::coro<> gather_later(charkha::task<>& other) { co_await charkha::gather(other); }
charkha::coro<> fail_at(gate& at) {
  co_await at.wait();
  throw std::runtime_error("failed");
}
charkha::coro<> fork_later(charkha::task<>& other, gate& at) {
  co_await charkha::when_all(await_later(other), pass(at));
}

/// As many scopes, one inside the other; the innermost child awaits `other`.
charkha::coro<> fork_deep(int scopes, charkha::task<>& other, gate& at) {
  if (scopes == 0) {
    co_await other;
  } else {
    co_await charkha::when_all(fork_deep(scopes - 1, other, at), pass(at));
  }
}
charkha::coro<> fork_and_fail(int scopes, charkha::task<>& other, gate& closed, gate& fails) {
  co_await charkha::when_all(fork_deep(scopes, other, closed), fail_at(fails));
}
charkha::coro<> fork_above(int scopes, charkha::task<>& other, gate& closed, gate& fails) {
  if (scopes == 0) {
    co_await fork_and_fail(2, other, closed, fails);
  } else {
    co_await charkha::when_all(fork_above(scopes - 1, other, closed, fails), pass(closed));
  }
}

}  // namespace

TEST_CASE("two tasks that await each other end when one of them is cancelled") {
  crank wheel;
  charkha::task<> a, b;
  a = wheel.start(await_later(b));
  b = wheel.start(await_later(a));
  wheel.run();
  a.cancel();
  wheel.run();
  CHECK(a.cancelled());
  CHECK(b.cancelled());
}

TEST_CASE("a circle that leads through a gather ends when one of its tasks is cancelled") {
  crank wheel;
  charkha::task<> a, b;
  a = wheel.start(gather_later(b));
  b = wheel.start(await_later(a));
  wheel.run();
  a.cancel();
  wheel.run();
  CHECK(a.cancelled());
  CHECK(b.cancelled());
}

TEST_CASE("a circle that leads through a when_all ends, and not before the children have") {
  crank wheel;
  gate closed;
  charkha::task<> a;
  a = wheel.start(fork_later(a, closed));
  wheel.run();
  a.cancel();
  wheel.run();
  CHECK(a.cancelled());
}

TEST_CASE("a circle through nested scopes ends when the request starts at a child in the middle of it") {
  for (int scopes = 0; scopes < 5; ++scopes) {
    CAPTURE(scopes);
    crank wheel;
    gate closed, fails;
    charkha::task<> a;
    a = wheel.start(fork_and_fail(scopes, a, closed, fails));
    wheel.run();
    fails.open();  // the sibling's error cancels the child that leads back to the task
    wheel.run();
    CHECK(a.done());
  }
}

TEST_CASE("a circle with scopes above and below the child at which the request starts ends as well") {
  for (int scopes = 0; scopes < 4; ++scopes) {
    CAPTURE(scopes);
    crank wheel;
    gate closed, fails;
    charkha::task<> a, between;
    a = wheel.start(fork_above(scopes, between, closed, fails));
    between = wheel.start(gather_later(a));
    wheel.run();
    fails.open();
    wheel.run();
    CHECK(a.done());
    CHECK(between.done());
  }
}

TEST_CASE("two circles through the same child end") {
  crank wheel;
  gate closed, fails;
  charkha::task<> a, b;
  auto both = [](charkha::task<>& first, charkha::task<>& second, gate& at) -> charkha::coro<> {
    co_await charkha::when_all(fork_deep(1, first, at), fork_deep(1, second, at), fork_deep(2, first, at));
  };
  auto outer = [](auto make, charkha::task<>& first, charkha::task<>& second, gate& at,
                  gate& opens) -> charkha::coro<> {
    co_await charkha::when_all(make(first, second, at), fail_at(opens));
  };
  a = wheel.start(outer(both, a, b, closed, fails));
  b = wheel.start(gather_later(a));
  wheel.run();
  fails.open();
  wheel.run();
  CHECK(a.done());
  CHECK(b.done());
}

TEST_CASE("a task that gathers itself is refused") {
  crank wheel;
  charkha::task<> a;
  a = wheel.start(gather_later(a));
  wheel.run();
  REQUIRE(a.done());
  CHECK_THROWS_AS(a.result(), charkha::usage_error);
}

TEST_CASE("a request goes down a chain of 20,000 tasks that gather each other without nesting") {
  crank wheel;
  gate closed;
  auto last = wheel.start(pass(closed));
  for (int i = 0; i < 20'000; ++i) last = wheel.start(gather_one(std::move(last)));
  wheel.run();
  last.cancel();
  wheel.run();
  CHECK(last.cancelled());
}

TEST_CASE("a request that comes while another one holds the task is passed on as well") {
  crank wheel;
  gate closed;
  auto inner = wheel.start(pass(closed));
  auto outer = wheel.start(gather_one(inner));
  wheel.run();
  outer.cancel("first");
  outer.cancel("second");
  CHECK(inner.cancelling() == 2);
  wheel.run();
  CHECK(outer.cancelled());
}

TEST_CASE("children of a gather hear of a cancel request in argument order, as in asyncio") {
  crank wheel;
  gate closed;
  std::string log;
  auto body = [](gate& at, std::string& out) -> charkha::coro<> {
    co_await charkha::gather(note_cancel(at, out, 'a'), note_cancel(at, out, 'b'), note_cancel(at, out, 'c'));
  };
  auto t = wheel.start(body(closed, log));
  wheel.run();
  t.cancel();
  wheel.run();
  CHECK(log == "abc");  // is "cba": cancel_walk visits the held targets last one first
}

TEST_CASE("children of a when_all hear of a cancel request in argument order") {
  crank wheel;
  gate closed;
  std::string log;
  auto body = [](gate& at, std::string& out) -> charkha::coro<> {
    co_await charkha::when_all(note_cancel(at, out, 'a'), note_cancel(at, out, 'b'), note_cancel(at, out, 'c'));
  };
  auto t = wheel.start(body(closed, log));
  wheel.run();
  t.cancel();
  wheel.run();
  CHECK(log == "abc");
}

TEST_CASE("a request that reached no child of a gather can be withdrawn (R33, R40)") {
  crank wheel;
  gate at;
  auto child = wheel.start(give_at(at, 1));
  auto body = [](charkha::task<int> of) -> charkha::coro<int> {
    const auto values = co_await charkha::gather(of);
    co_return std::get<0>(values);
  };
  auto t = wheel.start(body(child));
  wheel.run();
  at.open();
  wheel.turn();
  REQUIRE(child.done());
  REQUIRE_FALSE(t.done());
  t.cancel();
  CHECK(t.uncancel() == 0);
  wheel.run();
  CHECK_FALSE(t.cancelled());  // note_cancel() came before anybody was reached, and stays
}
