// SPDX-License-Identifier: Apache-2.0
// Waiting without passing cancel requests on (R35).
#include "charkha/shield.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "charkha/any_task.hpp"
#include "charkha/cancelled_error.hpp"
#include "charkha/future.hpp"
#include "charkha/gather.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::shield;
using charkha::task;
using charkha::test::crank;
using charkha::test::gate;

namespace {

coro<int> give_at(gate& at, int value) {
  co_await at.wait();
  co_return value;
}
coro<int> fail_at(gate& at) {
  co_await at.wait();
  throw std::runtime_error("bad");
}
template <class Handle>
coro<int> guarded(Handle inner) {
  const int value = co_await shield(inner);
  co_return value;
}

}  // namespace

TEST_CASE("the value or the error comes through") {
  crank wheel;
  gate at;
  auto good = wheel.start(guarded(wheel.start(give_at(at, 3))));
  auto bad = wheel.start(guarded(wheel.start(fail_at(at))));
  wheel.run();
  at.open();
  wheel.run();
  CHECK(good.result() == 3);
  CHECK_THROWS_WITH(static_cast<void>(bad.result()), "bad");
  bad = {};
  CHECK(wheel.reports().empty());
}

TEST_CASE("what is done already does not suspend the awaiter") {
  crank wheel;
  gate at;
  at.open();
  auto inner = wheel.start(give_at(at, 3));
  wheel.run();
  auto t = wheel.start(guarded(inner));
  CHECK(wheel.run() == 1);
  CHECK(t.result() == 3);
}

TEST_CASE("cancelling the awaiting task, after each turn: it ends, what is shielded goes on and keeps its value") {
  for (std::size_t turns = 0; turns < 7; ++turns) {
    CAPTURE(turns);
    crank wheel;
    {
      gate at;
      auto inner = wheel.start(give_at(at, 3));
      auto t = wheel.start(guarded(inner));
      for (std::size_t i = 0; i < turns; ++i) {
        if (!wheel.turn()) at.open();
      }
      const bool asked = t.cancel("m");
      wheel.run();
      CHECK(t.done());
      CHECK(t.cancelled() == asked);
      CHECK(inner.cancelling() == 0);
      at.open();
      wheel.run();
      CHECK(inner.result() == 3);
    }
    CHECK(wheel.blocks() == 0);
    CHECK(wheel.retained() == 0);
  }
}

TEST_CASE("cancelling what is shielded does reach the awaiter, which was not asked itself") {
  crank wheel;
  gate at;
  auto inner = wheel.start(give_at(at, 3));
  auto t = wheel.start(guarded(inner));
  wheel.run();
  inner.cancel("inner");
  wheel.run();
  CHECK(t.cancelled());
  CHECK(t.cancelling() == 0);
}

TEST_CASE("a future that many await: the shielded awaiter that is cancelled leaves it to the others (R30)") {
  crank wheel;
  const crank::on_worker here(wheel);
  auto f = charkha::create_future<int>();
  auto a = wheel.start(guarded(f));
  auto b = wheel.start(guarded(f));
  wheel.run();
  a.cancel();
  wheel.run();
  CHECK(a.cancelled());
  CHECK_FALSE(f.done());
  f.set_result(4);
  wheel.run();
  CHECK(b.result() == 4);
}

TEST_CASE("an error that comes after the wait was left is reported once, when it is freed unread; a seen one is not") {
  crank wheel;
  gate at;
  SUBCASE("unread") {
    auto inner = wheel.start(fail_at(at));
    auto t = wheel.start(guarded(inner));
    wheel.run();
    t.cancel();
    wheel.run();
    at.open();
    wheel.run();
    CHECK(wheel.reports().empty());
    inner.set_name("left");
    inner = {};
    t = {};
    CHECK(wheel.reports() == std::vector<std::string>{"left: bad"});
  }
  SUBCASE("read") {
    auto inner = wheel.start(fail_at(at));
    auto t = wheel.start(guarded(inner));
    wheel.run();
    t.cancel();
    wheel.run();
    at.open();
    wheel.run();
    CHECK(inner.exception());
    inner = {};
    t = {};
    CHECK(wheel.reports().empty());
  }
}

TEST_CASE("a coro becomes a task that goes on when nobody awaits the shield, or it was left") {
  crank wheel;
  gate at;
  int ended = 0;
  auto count = [](gate& closed, int& out) -> coro<> {
    co_await closed.wait();
    ++out;
  };
  auto body = [](auto make, gate& closed, int& out) -> coro<> { co_await shield(make(closed, out)); };
  auto t = wheel.start(body(count, at, ended));
  {
    const crank::on_worker here(wheel);
    static_cast<void>(shield(count(at, ended)));
  }
  wheel.run();
  t.cancel();
  wheel.run();
  CHECK(t.cancelled());
  at.open();
  wheel.run();
  CHECK(ended == 2);
  CHECK(wheel.blocks() == 1);
}

TEST_CASE("inside a gather, a request for the gather passes the shield by") {
  crank wheel;
  gate at;
  auto inner = wheel.start(give_at(at, 1));
  auto body = [](task<int> kept) -> coro<> { co_await charkha::gather(shield(kept)); };
  auto t = wheel.start(body(inner));
  wheel.run();
  t.cancel();
  wheel.run();
  CHECK(t.cancelled());
  CHECK(inner.cancelling() == 0);
  at.open();
  wheel.run();
  CHECK(inner.result() == 1);
}

TEST_CASE("move-only and untyped values; the same shield awaited twice") {
  crank wheel;
  gate at;
  auto box = [](gate& closed) -> coro<std::unique_ptr<int>> {
    co_await closed.wait();
    co_return std::make_unique<int>(5);
  };
  auto body = [](auto make, gate& closed, charkha::any_task other) -> coro<int> {
    const auto taken = co_await shield(make(closed));
    co_await shield(other);
    const auto twice = shield(other);
    co_await twice;
    co_await twice;
    co_return *taken;
  };
  auto other = wheel.start(give_at(at, 1));
  auto t = wheel.start(body(box, at, other));
  wheel.run();
  at.open();
  wheel.run();
  CHECK(t.result() == 5);
}

TEST_CASE("a task cannot shield itself, or something of another runtime, and shield() is for workers") {
  crank wheel, foreign;
  gate at;
  auto other = foreign.start(give_at(at, 1));
  CHECK_THROWS_AS(static_cast<void>(shield(other)), charkha::usage_error);
  {
    const crank::on_worker here(wheel);
    CHECK_THROWS_AS(static_cast<void>(shield(other)), charkha::usage_error);
  }
  task<> me;
  auto body = [](task<>& self) -> coro<> { co_await shield(self); };
  me = wheel.start(body(me));
  wheel.run();
  CHECK_THROWS_AS(me.result(), charkha::usage_error);
  at.open();
  foreign.run();
}

TEST_CASE("teardown while it waits, and a shield that outlives its wait") {
  gate at;
  crank wheel;
  auto inner = wheel.start(give_at(at, 1));
  auto t = wheel.start(guarded(inner));
  wheel.run();
  wheel.tear_down();
  CHECK(t.cancelled());
  CHECK(inner.cancelled());
}
