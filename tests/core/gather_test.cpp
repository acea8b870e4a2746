// SPDX-License-Identifier: Apache-2.0
// Awaiting several tasks side by side.
#include "charkha/gather.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/checkpoint.hpp"
#include "charkha/future.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::gather;
using charkha::task;
using charkha::test::crank;
using charkha::test::gate;
using charkha::test::tracked;

namespace {

coro<int> give(int value) { co_return value; }
coro<int> give_at(gate& at, int value) {
  co_await at.wait();
  co_return value;
}
coro<int> fail_at(gate& at, const char* text) {
  co_await at.wait();
  throw std::runtime_error(text);
}
coro<> pass(gate& at) { co_await at.wait(); }
coro<int> stubborn(gate& at, gate& then, int value) {
  try {
    co_await at.wait();
  } catch (const cancelled_error&) {
  }
  co_await then.wait();
  co_return value;
}
coro<int> sum_of(std::vector<task<int>> tasks) {
  const auto values = co_await gather(std::move(tasks));
  int sum = 0;
  for (const int value : values) sum = 10 * sum + value;
  co_return sum;
}
template <class... Tasks>
coro<int> digits_of(Tasks... tasks) {
  const auto values = co_await gather(tasks...);
  int sum = 0;
  std::apply([&sum](auto... value) { ((sum = 10 * sum + value), ...); }, values);
  co_return sum;
}

}  // namespace

TEST_CASE("values come in argument order, whatever the order of completion (R36)") {
  crank wheel;
  gate a, b, c;
  auto t = wheel.start(digits_of(wheel.start(give_at(a, 1)), wheel.start(give_at(b, 2)), wheel.start(give_at(c, 3))));
  wheel.run();
  c.open();
  wheel.run();
  a.open();
  wheel.run();
  CHECK_FALSE(t.done());
  b.open();
  wheel.run();
  CHECK(t.result() == 123);
}

TEST_CASE("coros become tasks that start in argument order") {
  crank wheel;
  std::string log;
  auto note = [](std::string& out, char letter) -> coro<int> {
    out += letter;
    co_return 1;
  };
  auto body = [](std::string& out, auto write) -> coro<> {
    auto values = co_await gather(write(out, 'a'), write(out, 'b'), write(out, 'c'));
    out += '.';
    CHECK(values == std::tuple(1, 1, 1));
  };
  auto t = wheel.start(body(log, note));
  wheel.run();
  CHECK(log == "abc.");
  CHECK_NOTHROW(t.result());
}

TEST_CASE("an empty range: ready at once, empty") {
  crank wheel;
  auto body = []() -> coro<> {
    std::vector<coro<int>> nothing;
    const auto empty = co_await gather(std::move(nothing));
    CHECK(empty.empty());
  };
  auto t = wheel.start(body());
  CHECK(wheel.run() == 1);
  CHECK_NOTHROW(t.result());
}

TEST_CASE("tasks that are done already: the gather does not suspend") {
  crank wheel;
  auto a = wheel.start(give(1));
  auto b = wheel.start(give(2));
  wheel.run();
  auto t = wheel.start(digits_of(a, b));
  CHECK(wheel.run() == 1);
  CHECK(t.result() == 12);
}

TEST_CASE("one done and one not") {
  crank wheel;
  gate at;
  auto a = wheel.start(give(1));
  wheel.run();
  auto t = wheel.start(digits_of(a, wheel.start(give_at(at, 2))));
  wheel.run();
  CHECK_FALSE(t.done());
  at.open();
  wheel.run();
  CHECK(t.result() == 12);
}

TEST_CASE("the same task twice is run once and counted twice (R36)") {
  crank wheel;
  gate at;
  auto a = wheel.start(give_at(at, 4));
  auto t = wheel.start(digits_of(a, a));
  wheel.run();
  at.open();
  wheel.run();
  CHECK(t.result() == 44);
}

TEST_CASE("void becomes monostate, references stay, move-only values are moved") {
  crank wheel;
  gate at;
  int target = 0;
  auto refer = [](int& where) -> coro<int&> { co_return where; };
  auto boxed = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
  auto body = [](gate& closed, int& where, auto reference, auto box) -> coro<> {
    auto values = co_await gather(pass(closed), reference(where), box());
    static_assert(std::is_same_v<decltype(values), std::tuple<std::monostate, int&, std::unique_ptr<int>>>);
    CHECK(&std::get<1>(values) == &where);
    CHECK(*std::get<2>(values) == 5);
  };
  auto t = wheel.start(body(at, target, refer, boxed));
  wheel.run();
  at.open();
  wheel.run();
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
}

TEST_CASE("vectors of void coros and of move-only values") {
  crank wheel;
  auto body = []() -> coro<> {
    auto nothing = []() -> coro<> { co_return; };
    std::vector<coro<>> voids;
    for (int i = 0; i < 3; ++i) voids.push_back(nothing());
    const auto units = co_await gather(std::move(voids));
    CHECK(units.size() == 3);
    auto box = [](int value) -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(value); };
    std::vector<coro<std::unique_ptr<int>>> boxes;
    for (int i = 0; i < 3; ++i) boxes.push_back(box(i));
    const auto values = co_await gather(std::move(boxes));
    CHECK(values.size() == 3);
    CHECK(*values[2] == 2);
  };
  auto t = wheel.start(body());
  wheel.run();
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
}

TEST_CASE("a value is moved out of a task that only the gather knows, and copied from one that others hold") {
  tracked::reset();
  crank wheel;
  auto make = []() -> coro<tracked> { co_return tracked(1); };
  auto body = [](auto factory, task<tracked> held) -> coro<> {
    const auto values = co_await gather(factory(), held);
    CHECK(std::get<0>(values).value == 1);
    CHECK(std::get<1>(values).value == 1);
  };
  auto held = wheel.start(make());
  auto t = wheel.start(body(make, held));
  wheel.run();
  CHECK_NOTHROW(t.result());
  CHECK(tracked::copies == 1);
  CHECK(held.result().value == 1);
}

TEST_CASE("a range of handles stays as it is, unless it is given away") {
  crank wheel;
  std::vector<task<int>> handles{wheel.start(give(1)), wheel.start(give(2))};
  auto body = [&]() -> coro<> {
    const auto from_range = co_await gather(handles);
    CHECK(from_range == std::vector<int>{1, 2});
    CHECK(handles[0].done());
    const auto from_view = co_await gather(handles | std::views::reverse);
    CHECK(from_view == std::vector<int>{2, 1});
    CHECK(handles[1].done());
    const auto given_away = co_await gather(std::move(handles));
    CHECK(given_away == std::vector<int>{1, 2});
    for (const auto& handle : handles) CHECK_FALSE(handle);
  };
  auto t = wheel.start(body());
  wheel.run();
  CHECK_NOTHROW(t.result());
}

TEST_CASE("the first error is thrown at once, the others keep running and their errors count as seen (R37)") {
  crank wheel;
  gate first, second, third;
  {
    auto a = wheel.start(fail_at(first, "first"));
    auto b = wheel.start(fail_at(second, "second"));
    auto c = wheel.start(give_at(third, 3));
    auto t = wheel.start(digits_of(a, b, c));
    wheel.run();
    first.open();
    wheel.run();
    CHECK_THROWS_WITH(static_cast<void>(t.result()), "first");
    CHECK_FALSE(b.done());
    CHECK_FALSE(c.done());
    second.open();
    third.open();
    wheel.run();
    CHECK(b.done());
    CHECK(c.result() == 3);
  }
  CHECK(wheel.reports().empty());
  CHECK(wheel.blocks() == 0);
}

TEST_CASE("the error of a task that was done before counts as seen, too") {
  crank wheel;
  gate open, closed;
  open.open();
  {
    auto bad = wheel.start(fail_at(open, "early"));
    auto slow = wheel.start(give_at(closed, 1));
    wheel.run();
    auto t = wheel.start(digits_of(slow, bad));
    wheel.run();
    CHECK_THROWS_WITH(static_cast<void>(t.result()), "early");
    CHECK_FALSE(slow.done());
    closed.open();
    wheel.run();
  }
  CHECK(wheel.reports().empty());
  CHECK(wheel.blocks() == 0);
}

TEST_CASE("a cancelled child cancels the await but not its siblings (R39)") {
  crank wheel;
  gate at;
  auto a = wheel.start(give_at(at, 1));
  auto b = wheel.start(give_at(at, 2));
  auto t = wheel.start(digits_of(a, b));
  wheel.run();
  a.cancel("only a");
  wheel.run();
  CHECK(t.cancelled());
  CHECK(t.cancelling() == 0);
  CHECK_FALSE(b.done());
  CHECK(b.cancelling() == 0);
  at.open();
  wheel.run();
  CHECK(b.result() == 2);
}

TEST_CASE("a request for the awaiting task is passed on to all children that are not done (R40)") {
  crank wheel;
  gate open, closed;
  open.open();
  auto done = wheel.start(give_at(open, 1));
  auto b = wheel.start(give_at(closed, 2));
  auto c = wheel.start(give_at(closed, 3));
  auto t = wheel.start(digits_of(done, b, c));
  wheel.run();
  CHECK(t.cancel("all"));
  wheel.run();
  CHECK(done.result() == 1);
  CHECK(b.cancelled());
  CHECK(c.cancelled());
  CHECK(t.cancelled());
  CHECK(b.cancelling() == 1);
  try {
    static_cast<void>(t.result());
  } catch (const cancelled_error& e) {
    CHECK(e.message() == "all");
  }
}

TEST_CASE("children that swallow the request: the await ends cancelled when all are done (R40)") {
  crank wheel;
  gate closed, then;
  auto a = wheel.start(stubborn(closed, then, 1));
  auto b = wheel.start(stubborn(closed, then, 2));
  auto t = wheel.start(digits_of(a, b));
  wheel.run();
  t.cancel("in vain");
  wheel.run();
  CHECK_FALSE(t.done());
  then.open();
  wheel.run();
  CHECK(a.result() == 1);
  CHECK(b.result() == 2);
  CHECK(t.cancelled());
}

TEST_CASE("a request between the last completion and the resumption wins; the children keep their values") {
  crank wheel;
  gate at;
  auto a = wheel.start(give_at(at, 1));
  auto t = wheel.start(digits_of(a));
  wheel.run();
  at.open();
  for (int turns = 0; !a.done(); ++turns) {
    REQUIRE(turns < 10);
    wheel.turn();
  }
  SUBCASE("before the gather has settled") {}
  SUBCASE("after it has settled") { CHECK(wheel.turn()); }
  CHECK_FALSE(t.done());
  CHECK(t.cancel("late"));
  wheel.run();
  CHECK(t.cancelled());
  CHECK(a.result() == 1);
}

TEST_CASE("cancel at every step: the awaiting task always ends and nothing is left") {
  for (int step = 0; step < 12; ++step) {
    CAPTURE(step);
    crank wheel;
    gate gates[3];
    {
      auto a = wheel.start(give_at(gates[0], 1));
      auto b = wheel.start(give_at(gates[1], 2));
      auto c = wheel.start(give_at(gates[2], 3));
      auto t = wheel.start(digits_of(a, b, c));
      for (int i = 0; i < step; ++i) {
        if (!wheel.turn() && i % 2 == 0 && i / 2 < 3) gates[i / 2].open();
      }
      const bool asked = t.cancel("now");
      for (auto& each : gates) {
        wheel.run();
        each.open();
      }
      wheel.run();
      CHECK(t.done());
      CHECK(t.cancelled() == asked);
    }
    CHECK(wheel.blocks() == 0);
  }
}

TEST_CASE("a gather that is dropped unawaited lets its children go on") {
  crank wheel;
  gate at;
  auto a = wheel.start(give_at(at, 1));
  {
    const crank::on_worker here(wheel);
    static_cast<void>(gather(a, give(2)));
  }
  wheel.run();
  CHECK_FALSE(a.done());
  at.open();
  wheel.run();
  CHECK(a.result() == 1);
  CHECK(wheel.blocks() == 1);  // a's, by its handle here
}

TEST_CASE("the awaiting task is woken one turn after the child's own turn, as asyncio's callbacks do") {
  crank wheel;
  std::string log;
  auto last = [](std::string& out) -> coro<int> {
    out += 'l';
    co_return 1;
  };
  auto other = [](std::string& out) -> coro<> {
    out += 'o';
    co_return;
  };
  auto body = [](task<int> child, std::string& out) -> coro<> {
    co_await gather(child);
    out += 'g';
  };
  auto child = wheel.start(last(log));
  auto t = wheel.start(body(child, log));
  CHECK(wheel.turn());
  CHECK(wheel.turn());  // the gather finds its child done
  CHECK(log == "lg");
  log.clear();
  gate at;
  auto waiting = [](gate& closed, std::string& out) -> coro<int> {
    co_await closed.wait();
    out += 'l';
    co_return 1;
  };
  auto u = wheel.start(body(wheel.start(waiting(at, log)), log));
  wheel.run();
  at.open();
  CHECK(wheel.turn());  // the child ends
  auto between = wheel.start(other(log));
  wheel.run();
  CHECK(log == "log");  // settle, the other task, then the awaiter
  CHECK(u.done());
  CHECK(between.done());
  CHECK(t.done());
}

TEST_CASE("outside a runtime, and with a task of another runtime, it is a usage_error") {
  crank wheel, foreign;
  gate at;
  auto mine = wheel.start(give_at(at, 1));
  auto other = foreign.start(give_at(at, 2));
  CHECK_THROWS_AS(static_cast<void>(gather(mine)), charkha::usage_error);
  {
    const crank::on_worker here(wheel);
    CHECK_THROWS_AS(static_cast<void>(gather(mine, other)), charkha::usage_error);
  }
  wheel.run();
  foreign.run();
  at.open();
  wheel.run();
  foreign.run();
  CHECK(mine.result() == 1);
  CHECK(other.result() == 2);
}

TEST_CASE("a thousand children") {
  crank wheel;
  std::vector<task<int>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(wheel.start(give(i % 2)));
  auto body = [](std::vector<task<int>> all) -> coro<int> {
    const auto values = co_await gather(std::move(all));
    int sum = 0;
    for (const int value : values) sum += value;
    co_return sum;
  };
  auto t = wheel.start(body(std::move(tasks)));
  wheel.run();
  CHECK(t.result() == 500);
  CHECK(wheel.blocks() == 1);
  auto u = wheel.start(sum_of({wheel.start(give(1)), wheel.start(give(2))}));
  wheel.run();
  CHECK(u.result() == 12);
}

TEST_CASE("no awaitables at all: ready at once, empty") {
  crank wheel;
  auto body = []() -> coro<> {
    const auto none = co_await gather();
    static_assert(std::is_same_v<decltype(none), const std::tuple<>>);
  };
  auto t = wheel.start(body());
  CHECK(wheel.run() == 1);
  CHECK_NOTHROW(t.result());
}

TEST_CASE("return_exceptions: errors and cancels are values, in argument order, and count as seen (R38)") {
  crank wheel;
  gate at;
  {
    auto a = wheel.start(give_at(at, 1));
    auto b = wheel.start(fail_at(at, "bad"));
    auto c = wheel.start(give_at(at, 3));
    auto body = [](task<int> x, task<int> y, task<int> z) -> coro<int> {
      const auto all = co_await gather(charkha::return_exceptions, x, y, z);
      CHECK(std::get<0>(all).value() == 1);
      CHECK_THROWS_WITH(static_cast<void>(std::get<1>(all).value()), "bad");
      CHECK_FALSE(std::get<1>(all).cancelled());
      CHECK(std::get<2>(all).cancelled());
      co_return 7;
    };
    auto t = wheel.start(body(a, b, c));
    wheel.run();
    c.cancel();
    wheel.run();
    CHECK_FALSE(t.done());  // it waits for all
    at.open();
    wheel.run();
    CHECK(t.result() == 7);
  }
  CHECK(wheel.reports().empty());
}

TEST_CASE("return_exceptions with a range, of coros, empty too") {
  crank wheel;
  gate at;
  at.open();
  auto body = [](gate& open) -> coro<> {
    std::vector<coro<int>> some;
    some.push_back(give(1));
    some.push_back(fail_at(open, "x"));
    const auto all = co_await gather(charkha::return_exceptions, std::move(some));
    CHECK(all.size() == 2);
    CHECK(all[0].value() == 1);
    CHECK_FALSE(all[1].has_value());
    std::vector<coro<int>> none;
    const auto nothing = co_await gather(charkha::return_exceptions, std::move(none));
    CHECK(nothing.empty());
  };
  auto t = wheel.start(body(at));
  wheel.run();
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
}

TEST_CASE("a request is passed on and thrown although errors are values, swallowed by the children or not (R40)") {
  for (const bool swallowed : {false, true}) {
    CAPTURE(swallowed);
    crank wheel;
    gate at, then;
    then.open();
    auto a = swallowed ? wheel.start(stubborn(at, then, 1)) : wheel.start(give_at(at, 1));
    auto body = [](task<int> x) -> coro<> { static_cast<void>(co_await gather(charkha::return_exceptions, x)); };
    auto t = wheel.start(body(a));
    wheel.run();
    CHECK(t.cancel("m"));
    wheel.run();
    CHECK(t.cancelled());
    CHECK(a.done());
    CHECK(a.cancelled() == !swallowed);
  }
}

TEST_CASE("futures, whens and other gathers stand beside tasks and coros") {
  crank wheel;
  const crank::on_worker here(wheel);
  gate at;
  auto f = charkha::create_future<int>();
  auto body = [](charkha::future<int> set, gate& closed) -> coro<int> {
    const auto all = co_await gather(set, give_at(closed, 2), gather(give(3), give(4)), charkha::checkpoint());
    co_return 1000 * std::get<0>(all) + 100 * std::get<1>(all) + 10 * std::get<0>(std::get<2>(all)) +
        std::get<1>(std::get<2>(all));
  };
  auto t = wheel.start(body(f, at));
  wheel.run();
  f.set_result(1);
  wheel.run();
  CHECK_FALSE(t.done());
  at.open();
  wheel.run();
  CHECK(t.result() == 1234);
}

TEST_CASE("a future in a gather is cancelled with it, at once, and its failure is the gather's") {
  crank wheel;
  const crank::on_worker here(wheel);
  auto f = charkha::create_future<int>(), g = charkha::create_future<int>();
  auto body = [](charkha::future<int> one) -> coro<> { static_cast<void>(co_await gather(one, give(1))); };
  auto t = wheel.start(body(f)), u = wheel.start(body(g));
  wheel.run();
  t.cancel();
  CHECK(f.cancelled());
  g.set_exception(std::runtime_error("set"));
  wheel.run();
  CHECK(t.cancelled());
  CHECK_THROWS_WITH(u.result(), "set");
}

TEST_CASE("cancel() of the gather: all pending children are asked, awaiting it throws when they are done (R40)") {
  for (const bool errors : {false, true}) {
    CAPTURE(errors);
    crank wheel;
    gate at, open;
    open.open();
    auto done = wheel.start(give_at(open, 1));
    auto a = wheel.start(give_at(at, 2));
    wheel.run();
    auto run = [](auto all) -> coro<> {
      CHECK_FALSE(all.done());
      CHECK(all.cancel("together"));
      static_cast<void>(co_await all);
    };
    const crank::on_worker here(wheel);
    auto t = errors ? wheel.start(run(gather(charkha::return_exceptions, done, a))) : wheel.start(run(gather(done, a)));
    wheel.run();
    CHECK(a.cancelled());
    CHECK(t.cancelled());
    CHECK(t.cancelling() == 0);
    CHECK(done.result() == 1);
  }
}

TEST_CASE("cancel() of a gather whose children are all done does nothing, settled or not: it gives its values") {
  crank wheel;
  gate at;
  auto a = wheel.start(give_at(at, 2));
  wheel.run();
  const crank::on_worker here(wheel);
  const auto all = gather(charkha::return_exceptions, a);
  at.open();
  wheel.turn();
  CHECK(a.done());
  CHECK_FALSE(all.done());
  CHECK_FALSE(all.cancel());
  wheel.run();
  CHECK(all.done());
  CHECK_FALSE(all.cancel());
  auto body = [](auto awaited) -> coro<int> {
    const auto values = co_await awaited;
    co_return std::get<0>(values).value();
  };
  auto t = wheel.start(body(all));
  wheel.run();
  CHECK(t.result() == 2);
}

TEST_CASE("a gather of when_alls ends with their values, and a request goes down to their children") {
  crank wheel;
  gate at;
  auto fork = [](gate& closed) -> coro<int> {
    const auto both = co_await charkha::when_all(give_at(closed, 1), give_at(closed, 2));
    co_return std::get<0>(both) + std::get<1>(both);
  };
  auto body = [](auto make, gate& closed) -> coro<int> {
    const auto sums = co_await gather(make(closed), make(closed));
    co_return std::get<0>(sums) + std::get<1>(sums);
  };
  auto t = wheel.start(body(fork, at)), u = wheel.start(body(fork, at));
  wheel.run();
  u.cancel();
  wheel.run();
  CHECK(u.cancelled());
  at.open();
  wheel.run();
  CHECK(t.result() == 6);
}
