// SPDX-License-Identifier: Apache-2.0
// The structured race, turned by hand: one worker with a fork stack.
#include "charkha/when_any.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/stack_probe.hpp"
#include "support/tracked.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::exception_group;
using charkha::task;
using charkha::when_all;
using charkha::when_any;
using charkha::test::crank;
using charkha::test::gate;
using charkha::test::tracked;

namespace {

coro<int> give_at(gate& at, int value) {
  co_await at.wait();
  co_return value;
}
coro<> pass(gate& at) { co_await at.wait(); }
coro<int> note_at(gate& at, std::string& log, char letter, int value) {
  log += letter;
  try {
    co_await at.wait();
  } catch (const cancelled_error&) {
    log += static_cast<char>(letter - 'a' + 'A');
    throw;
  }
  co_return value;
}
coro<int> fail_at(gate& at, const char* text) {
  co_await at.wait();
  throw std::runtime_error(text);
}
/// Fails when it is cancelled.
coro<int> spiteful(gate& at, const char* text) {
  try {
    co_await at.wait();
  } catch (const cancelled_error&) {
    throw std::runtime_error(text);
  }
  co_return 0;
}
/// Gives its value when it is cancelled, too.
coro<int> stubborn(gate& at, int value) {
  try {
    co_await at.wait();
  } catch (const cancelled_error&) {  // NOLINT(bugprone-empty-catch): that is the point
  }
  co_return value;
}
coro<int> cancelled_at(gate& at) {
  co_await at.wait();
  throw cancelled_error("mine");
}
/// 10 * index + value of the winner.
template <class... Bodies>
coro<int> race(Bodies... bodies) {
  const auto first = co_await when_any(std::move(bodies)...);
  const int value = std::visit([](int number) { return number; }, first.value);
  CHECK(first.value.index() == first.index);
  co_return 10 * static_cast<int>(first.index) + value;
}
coro<int> race_of(std::vector<coro<int>> bodies) {
  const auto first = co_await when_any(std::move(bodies));
  co_return 10 * static_cast<int>(first.index) + first.value;
}

std::vector<std::string> texts(const task<int>& t) {
  std::vector<std::string> found;
  try {
    t.result();
  } catch (const exception_group& group) {
    for (const auto& each : group.errors()) found.push_back(charkha::detail::describe_exception(each));
  }
  return found;
}

}  // namespace

TEST_CASE("the first value wins: its index and the value itself") {
  for (int winner = 0; winner < 3; ++winner) {
    CAPTURE(winner);
    crank wheel;
    gate gates[3];
    auto t = wheel.start(race(give_at(gates[0], 1), give_at(gates[1], 2), give_at(gates[2], 3)));
    std::vector<coro<int>> many;
    for (int i = 0; i < 3; ++i) many.push_back(give_at(gates[i], i + 1));
    auto u = wheel.start(race_of(std::move(many)));
    wheel.run();
    CHECK_FALSE(t.done());
    gates[winner].open();
    wheel.run();
    CHECK(t.result() == 11 * winner + 1);
    CHECK(u.result() == 11 * winner + 1);
    CHECK(t.cancelling() == 0);
  }
}

TEST_CASE("the types: variant, monostate for void, reference_wrapper for a reference, move-only") {
  crank wheel;
  gate opened, closed;
  opened.open();
  auto body = [](gate& now, gate& never) -> coro<> {
    auto box = [](gate& at) -> coro<std::unique_ptr<int>> {
      co_await at.wait();
      co_return std::make_unique<int>(3);
    };
    int target = 0;
    auto refer = [](gate& at, int& where) -> coro<int&> {
      co_await at.wait();
      co_return where;
    };
    auto mixed = co_await when_any(give_at(never, 1), pass(never), box(now), refer(never, target));
    static_assert(std::is_same_v<decltype(mixed.value),
                                 std::variant<int, std::monostate, std::unique_ptr<int>, std::reference_wrapper<int>>>);
    CHECK(mixed.index == 2);
    CHECK(*std::get<2>(mixed.value) == 3);
    auto reference = co_await when_any(give_at(never, 1), refer(now, target));
    CHECK(&std::get<1>(reference.value).get() == &target);
    auto none = co_await when_any(give_at(never, 1), pass(now));
    CHECK(std::holds_alternative<std::monostate>(none.value));
    auto same = co_await when_any(give_at(never, 1), give_at(now, 2));
    CHECK(std::get<1>(same.value) == 2);
    std::vector<coro<>> passes;
    passes.push_back(pass(never));
    passes.push_back(pass(now));
    const auto passed = co_await when_any(std::move(passes));
    static_assert(std::is_same_v<decltype(passed.value), std::monostate>);
    CHECK(passed.index == 1);
    std::vector<coro<int&>> references;
    references.push_back(refer(now, target));
    const auto referred = co_await when_any(std::move(references));
    CHECK(&referred.value == &target);
    std::vector<coro<std::unique_ptr<int>>> boxes;
    boxes.push_back(box(now));
    auto boxed = co_await when_any(std::move(boxes));
    CHECK(*boxed.value == 3);
  };
  auto t = wheel.start(body(opened, closed));
  wheel.run();
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
}

TEST_CASE("the losers are cancelled, in argument order, and have ended before it goes on") {
  crank wheel;
  gate now, never, cleaning;
  std::string log;
  auto careful = [](gate& at, gate& clean, std::string& out) -> coro<int> {
    try {
      co_await at.wait();
    } catch (const cancelled_error&) {
      out += '(';
    }
    co_await clean.wait();
    out += ')';
    co_return 7;  // too late
  };
  auto t = wheel.start(
      race(note_at(never, log, 'a', 1), give_at(now, 2), note_at(never, log, 'c', 3), careful(never, cleaning, log)));
  wheel.run();
  CHECK(log == "ac");
  now.open();
  wheel.run();
  CHECK(log == "acAC(");
  CHECK_FALSE(t.done());
  cleaning.open();
  wheel.run();
  CHECK(log == "acAC()");
  CHECK(t.result() == 12);
}

TEST_CASE("a first child that never suspends wins at once, and the others never begin") {
  tracked::reset();
  crank wheel;
  gate opened;
  opened.open();
  std::string log;
  auto never = [](std::string& out, tracked) -> coro<int> {
    out += 'x';
    co_return 0;
  };
  auto t = wheel.start(race(give_at(opened, 1), never(log, tracked(1)), never(log, tracked(2))));
  CHECK(wheel.run() <= 3);
  CHECK(t.result() == 1);
  CHECK(log.empty());
  CHECK(tracked::alive == 0);
}

TEST_CASE("errors of losers are dropped, before and after there is a winner") {
  crank wheel;
  gate first, second, never;
  auto t = wheel.start(race(fail_at(first, "early"), give_at(second, 2), spiteful(never, "late")));
  wheel.run();
  first.open();
  wheel.run();
  CHECK_FALSE(t.done());  // an error decides nothing
  second.open();
  wheel.run();
  CHECK(t.result() == 12);
  CHECK(wheel.reports().empty());
}

TEST_CASE("thrown from each child in turn: the others go on") {
  for (int failing = 0; failing < 3; ++failing) {
    CAPTURE(failing);
    crank wheel;
    gate fails, gives;
    std::vector<coro<int>> many;
    for (int i = 0; i < 3; ++i) many.push_back(i == failing ? fail_at(fails, "one") : give_at(gives, i));
    auto t = wheel.start(race_of(std::move(many)));
    wheel.run();
    fails.open();
    wheel.run();
    CHECK_FALSE(t.done());
    gives.open();
    wheel.run();
    CHECK(t.result() == (failing == 0 ? 11 : 0));
  }
}

TEST_CASE("if all fail, their errors come out together, in argument order; cancelled children do not count") {
  crank wheel;
  gate first, second, third;
  auto t = wheel.start(race(fail_at(second, "two"), cancelled_at(third), fail_at(first, "one")));
  wheel.run();
  first.open();
  wheel.run();
  second.open();
  wheel.run();
  CHECK_FALSE(t.done());
  third.open();
  wheel.run();
  CHECK(texts(t) == std::vector<std::string>{"two", "one"});
  CHECK_FALSE(t.cancelled());
}

TEST_CASE("no value and no error: cancelled_error") {
  crank wheel;
  gate at;
  auto t = wheel.start(race(cancelled_at(at), cancelled_at(at)));
  wheel.run();
  at.open();
  wheel.run();
  CHECK(t.cancelled());
  CHECK(t.cancelling() == 0);
}

TEST_CASE("a child that is cancelled from elsewhere neither wins nor fails") {
  crank wheel;
  gate at, never;
  auto inner = wheel.start(give_at(never, 1));
  auto await_it = [](task<int> of) -> coro<int> {
    const int value = co_await of;
    co_return value;
  };
  auto t = wheel.start(race(await_it(inner), give_at(at, 2)));
  wheel.run();
  inner.cancel();
  wheel.run();
  CHECK_FALSE(t.done());
  at.open();
  wheel.run();
  CHECK(t.result() == 12);
}

TEST_CASE("the parent's request goes to all children and is thrown when all have ended") {
  crank wheel;
  gate never;
  std::string log;
  auto t = wheel.start(race(note_at(never, log, 'a', 1), note_at(never, log, 'b', 2)));
  wheel.run();
  CHECK(t.cancel("x"));
  wheel.run();
  CHECK(log == "abAB");
  CHECK(t.cancelled());
  try {
    t.result();
  } catch (const cancelled_error& e) {
    CHECK(e.message() == "x");
  }
}

TEST_CASE("a value is dropped if the parent was asked to stop, an error is not") {
  crank wheel;
  gate never;
  auto t = wheel.start(race(stubborn(never, 1), spiteful(never, "dropped as well")));
  auto u = wheel.start(race(spiteful(never, "spite"), spiteful(never, "more")));
  wheel.run();
  t.cancel("why");
  u.cancel();
  wheel.run();
  CHECK(t.cancelled());
  CHECK(texts(u) == std::vector<std::string>{"spite", "more"});
  CHECK(u.cancelling() == 1);
}

TEST_CASE("a request between the winner's end and the last loser's is not lost") {
  crank wheel;
  gate now, never, cleaning;
  auto slow = [](gate& at, gate& clean) -> coro<int> {
    try {
      co_await at.wait();
    } catch (const cancelled_error&) {  // NOLINT(bugprone-empty-catch): clean up below
    }
    co_await clean.wait();
    co_return 0;
  };
  auto t = wheel.start(race(give_at(now, 1), slow(never, cleaning)));
  wheel.run();
  now.open();
  wheel.run();
  CHECK_FALSE(t.done());
  t.cancel("late");
  wheel.run();
  CHECK(t.cancelled());
}

TEST_CASE("a request before it began: children never run") {
  tracked::reset();
  crank wheel;
  std::string log;
  task<int>* self = nullptr;
  auto child = [](std::string& out, tracked) -> coro<int> {
    out += 'x';
    co_return 1;
  };
  auto body = [](task<int>*& me, auto make, std::string& out) -> coro<int> {
    me->cancel("early");
    const auto first = co_await when_any(make(out, tracked(1)), make(out, tracked(2)));
    co_return static_cast<int>(first.index);
  };
  auto t = wheel.start(body(self, child, log));
  self = &t;
  wheel.run();
  CHECK(log.empty());
  CHECK(t.cancelled());
  CHECK(tracked::alive == 0);
}

TEST_CASE("nested: a race of scopes, a scope of races, a race of races") {
  crank wheel;
  gate a, b, never;
  auto both = [](gate& first, gate& second) -> coro<int> {
    const auto values = co_await when_all(give_at(first, 1), give_at(second, 2));
    co_return std::get<0>(values) + std::get<1>(values);
  };
  auto two_races = [](gate& first, gate& second, gate& closed) -> coro<int> {
    const auto values = co_await when_all(race(give_at(closed, 1), give_at(first, 2)), race(give_at(second, 3)));
    co_return 100 * std::get<0>(values) + std::get<1>(values);
  };
  auto t = wheel.start(race(both(a, never), both(a, b), race(give_at(never, 5), both(never, never))));
  auto u = wheel.start(two_races(a, b, never));
  wheel.run();
  a.open();
  wheel.run();
  CHECK_FALSE(t.done());
  CHECK_FALSE(u.done());
  b.open();
  wheel.run();
  CHECK(t.result() == 13);
  CHECK(u.result() == 1203);
}

TEST_CASE("groups of nested races nest") {
  crank wheel;
  gate at;
  auto t = wheel.start(race(race(fail_at(at, "deep")), fail_at(at, "flat")));
  wheel.run();
  at.open();
  wheel.run();
  CHECK(texts(t) == std::vector<std::string>{"1 error: deep", "flat"});
}

TEST_CASE("cancel after every number of turns: it ends when all children have, and nothing is left") {
  for (int step = 0; step < 16; ++step) {
    CAPTURE(step);
    tracked::reset();
    crank wheel;
    gate gates[4];
    {
      auto child = [](gate& a, gate& b, tracked) -> coro<int> {
        co_await a.wait();
        co_await b.wait();
        co_return 1;
      };
      auto t = wheel.start(race(child(gates[0], gates[3], tracked(1)), child(gates[2], gates[3], tracked(2)),
                                race(child(gates[1], gates[2], tracked(3)), child(gates[0], gates[1], tracked(4)))));
      int opened = 0;
      for (int i = 0; i < step; ++i) {
        if (!wheel.turn() && opened < 4) gates[opened++].open();
      }
      const bool asked = t.cancel("now");
      wheel.run();
      CHECK(t.done());
      CHECK(t.cancelled() == asked);
      if (!asked) CHECK(t.result() == 31);
      CHECK(tracked::alive == 0);
    }
    CHECK(wheel.blocks() == 0);
    CHECK(wheel.forked() == 0);
  }
}

TEST_CASE("nothing to choose from and an empty coro are usage_errors; one that is never awaited runs nothing") {
  gate at;
  static_assert(![](auto... none) { return requires { when_any(none...); }; }());
  auto body = give_at(at, 1);
  auto taken = std::move(body);
  std::vector<coro<int>> none, with_empty;
  with_empty.push_back(std::move(taken));
  with_empty.push_back(std::move(body));        // NOLINT(bugprone-use-after-move): empty by contract
  static_cast<void>(when_any(give_at(at, 1)));  // not even on a worker
  CHECK_THROWS_AS(static_cast<void>(when_any(std::move(none))), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(when_any(give_at(at, 1), std::move(body))),  // NOLINT(bugprone-use-after-move)
                  charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(when_any(std::move(with_empty))), charkha::usage_error);
}

TEST_CASE("one that is never awaited runs nothing; teardown in the middle destroys parent and children") {
  tracked::reset();
  gate at;
  auto child = [](gate& closed, tracked) -> coro<int> {
    co_await closed.wait();
    co_return 1;
  };
  crank wheel;
  {
    const crank::on_worker here(wheel);
    static_cast<void>(when_any(child(at, tracked(1)), child(at, tracked(2))));
  }
  CHECK(wheel.run() == 0);
  CHECK(tracked::alive == 0);
  auto t = wheel.start(race(child(at, tracked(1)), child(at, tracked(2)), race(child(at, tracked(3)))));
  wheel.turn();
  wheel.turn();
  wheel.tear_down();
  CHECK(tracked::alive == 0);
  CHECK(t.cancelled());
}

TEST_CASE("10,000 children, of which the first wins, do not nest on the stack") {
  crank wheel;
  gate opened;
  opened.open();
  charkha::test::stack_span span;
  auto leaf = [](gate& at, charkha::test::stack_span& probe) -> coro<int> {
    probe.look();
    co_await at.wait();
    co_return 1;
  };
  auto body = [](auto make, gate& at, charkha::test::stack_span& probe) -> coro<> {
    for (int round = 0; round < 3; ++round) {
      std::vector<coro<int>> many;
      for (int i = 0; i < 10'000; ++i) many.push_back(make(at, probe));
      const auto first = co_await when_any(std::move(many));
      CHECK(first.index == 0);
      probe.look();
    }
  };
  auto t = wheel.start(body(leaf, opened, span));
  wheel.run();
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
  CHECK(span.bytes() < 16 * 1024);
}

TEST_CASE("a circle that leads through a race ends when one of its tasks is cancelled") {
  crank wheel;
  gate never;
  task<int> a;
  auto await_later = [](task<int>& other) -> coro<int> {
    const int value = co_await other;
    co_return value;
  };
  a = wheel.start(race(race(await_later(a), give_at(never, 1)), give_at(never, 2)));
  wheel.run();
  a.cancel();
  wheel.run();
  CHECK(a.cancelled());
}
