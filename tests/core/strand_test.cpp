// SPDX-License-Identifier: Apache-2.0
// Tasks that never run in parallel, turned by hand. With real threads: scheduler/strand_threads_test.cpp.
#include "charkha/strand.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/gather.hpp"
#include "charkha/shield.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::strand;
using charkha::task;
using charkha::when_all;
using charkha::test::crank;
using charkha::test::gate;

namespace {

coro<> note(std::string& log, char letter) {
  log += letter;
  co_return;
}
coro<> note_twice(std::string& log, char letter, gate& at) {
  log += letter;
  co_await at.wait();
  log += letter;
}
strand make(crank& wheel) {
  const crank::on_worker here(wheel);
  return strand();
}

}  // namespace

TEST_CASE("with one worker its tasks take the turns that they would have had without it") {
  crank wheel;
  const auto one = make(wheel), two = make(wheel);
  const crank::on_worker here(wheel);
  std::string log;
  auto a = one.create_task(note(log, 'a'));
  auto b = charkha::create_task(note(log, 'b'));
  auto c = two.create_task(note(log, 'c'));
  auto d = one.create_task(note(log, 'd'));
  auto e = charkha::create_task(note(log, 'e'), {.on = &two});
  CHECK(log.empty());
  CHECK(wheel.run() == 5);
  CHECK(log == "abcde");
  for (const auto& each : {a, b, c, d, e}) CHECK(each.done());
}

TEST_CASE("they run on in the order in which they became ready") {
  crank wheel;
  const auto on = make(wheel);
  gate first, second;
  std::string log;
  auto a = wheel.start(note_twice(log, 'a', second), {.on = &on});
  auto b = wheel.start(note_twice(log, 'b', first), {.on = &on});
  auto c = wheel.start(note_twice(log, 'c', first), {.on = &on});
  wheel.run();
  first.open();
  second.open();
  wheel.run();
  CHECK(log == "abcbca");
  CHECK(a.done());
  CHECK(b.done());
  CHECK(c.done());
}

TEST_CASE("running_here() is true in its tasks only, also after a suspension; not in their children") {
  crank wheel;
  gate at;
  const auto on = make(wheel), other = make(wheel);
  CHECK_FALSE(on.running_here());
  auto outside = [](const strand& s) -> coro<> {
    CHECK_FALSE(s.running_here());
    co_return;
  };
  auto body = [](const strand& mine, const strand& theirs, gate& closed, auto make_child) -> coro<> {
    CHECK(mine.running_here());
    CHECK_FALSE(theirs.running_here());
    co_await closed.wait();
    CHECK(mine.running_here());
    co_await when_all(make_child(mine), make_child(mine));
    CHECK(mine.running_here());
    auto plain = charkha::create_task(make_child(mine));
    co_await plain;
    CHECK(mine.running_here());
  };
  auto t = wheel.start(body(on, other, at, outside), {.on = &on});
  wheel.run();
  at.open();
  wheel.run();
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
}

TEST_CASE("a task on it that forks gives the strand to others while its children wait") {
  crank wheel;
  gate at;
  const auto on = make(wheel);
  std::string log;
  auto child = [](std::string& out, gate& closed) -> coro<> {
    out += 'c';
    co_await closed.wait();
    out += 'C';
  };
  auto parent = [](std::string& out, gate& closed, auto make_child) -> coro<> {
    out += 'p';
    co_await when_all(make_child(out, closed), make_child(out, closed));
    out += 'P';
  };
  auto t = wheel.start(parent(log, at, child), {.on = &on});
  auto u = wheel.start(note(log, 'u'), {.on = &on});
  wheel.run();
  CHECK(log == "pccu");
  at.open();
  wheel.run();
  CHECK(log == "pccuCCP");
  CHECK(t.done());
  CHECK(u.done());
}

TEST_CASE("its tasks are cancelled in every wait, at every step, and the strand goes on") {
  for (int kind = 0; kind < 4; ++kind) {
    for (std::size_t turns = 0; turns < 8; ++turns) {
      CAPTURE(kind);
      CAPTURE(turns);
      crank wheel;
      {
        const auto on = make(wheel);
        gate at;
        auto body = [](int which, gate& closed) -> coro<> {
          auto inner = [](gate& g) -> coro<> { co_await g.wait(); };
          if (which == 0) co_await closed.wait();
          if (which == 1) co_await charkha::gather(inner(closed), inner(closed));
          if (which == 2) co_await when_all(inner(closed), inner(closed));
          if (which == 3) {
            auto awaited = charkha::create_task(inner(closed));
            co_await awaited;
          }
        };
        auto t = wheel.start(body(kind, at), {.on = &on});
        for (std::size_t i = 0; i < turns; ++i) {
          if (!wheel.turn()) at.open();
        }
        const bool asked = t.cancel();
        std::string log;
        auto next = wheel.start(note(log, 'n'), {.on = &on});
        wheel.run();
        CHECK(t.done());
        CHECK(t.cancelled() == asked);
        CHECK(next.done());
        CHECK(log == "n");
      }
      CHECK(wheel.blocks() == 0);
    }
  }
}

TEST_CASE("eager start on a strand is for its own tasks: the body runs before create_task returns") {
  crank wheel;
  const auto on = make(wheel);
  std::string log;
  auto body = [](const strand& mine, std::string& out) -> coro<> {
    auto nested = [](const strand& s, std::string& o) -> coro<> {
      CHECK(s.running_here());
      o += 'e';
      co_return;
    };
    auto t = mine.create_task(nested(mine, out), {.eager_start = true});
    CHECK(t.done());
    out += 'b';
    CHECK(mine.running_here());
    co_return;
  };
  auto t = wheel.start(body(on, log), {.on = &on});
  wheel.run();
  CHECK(log == "eb");
  CHECK_NOTHROW(t.result());
  const crank::on_worker here(wheel);
  CHECK_THROWS_AS(static_cast<void>(on.create_task(note(log, 'x'), {.eager_start = true})), charkha::usage_error);
  CHECK(log == "eb");
}

TEST_CASE("it is for workers and belongs to one runtime") {
  CHECK_THROWS_AS(strand(), charkha::usage_error);
  crank mine, other;
  const auto foreign = make(other);
  std::string log;
  CHECK_THROWS_AS(static_cast<void>(mine.start(note(log, 'x'), {.on = &foreign})), charkha::usage_error);
  CHECK(mine.blocks() == 0);
  CHECK(mine.run() == 0);
  const strand copy = foreign;
  CHECK(copy == foreign);
  CHECK_FALSE(copy == make(other));
}

TEST_CASE("a strand outlives its handles while it has tasks, and its runtime's teardown with tasks in every state") {
  gate at;
  std::string log;
  crank wheel;
  {
    const auto on = make(wheel);
    static_cast<void>(wheel.start(note_twice(log, 'a', at), {.on = &on}));
    static_cast<void>(wheel.start(note(log, 'b'), {.on = &on}));
    static_cast<void>(wheel.start(note(log, 'c'), {.on = &on}));
  }
  wheel.turn();
  wheel.turn();
  CHECK(log == "ab");
  at.open();  // ready again, behind c
  wheel.tear_down();
  CHECK(log == "ab");
  CHECK(wheel.blocks() == 0);
}
