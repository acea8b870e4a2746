// SPDX-License-Identifier: Apache-2.0
// Asynchronous generators, turned by hand.
#include "charkha/generator.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/coro.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/stack_probe.hpp"
#include "support/tracked.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::generator;
using charkha::generator_exit;
using charkha::task;
using charkha::usage_error;
using charkha::test::crank;
using charkha::test::gate;
using charkha::test::tracked;

namespace {

template <class T>
concept has_next = requires(T&& given) { std::forward<T>(given).next(); };
template <class T>
concept has_awaiter =
    requires(T&& given) { given.await_ready(); } || requires(T&& given) { std::forward<T>(given).operator co_await(); };

generator<int> count(int last) {
  for (int i = 1; i <= last; ++i) co_yield i;
}
generator<int> nothing() { co_return; }
generator<int> count_through(std::vector<gate>& gates) {
  int i = 0;
  for (auto& each : gates) {
    co_await each.wait();
    co_yield ++i;
  }
}
generator<int> doubled(generator<int> input) {
  while (auto* item = co_await input.next()) co_yield 2 * *item;
}
generator<int> only_even(generator<int> input) {
  while (auto* item = co_await input.next()) {
    if (*item % 2 == 0) co_yield std::move(*item);
  }
}
coro<int> sum(generator<int> numbers) {
  int total = 0;
  while (auto* number = co_await numbers.next()) total += *number;
  co_return total;
}
/// No local variable but the one in the condition: g++ 12 is delicate about that.
coro<> append(generator<int>& numbers, std::vector<int>& out) {
  while (auto* number = co_await numbers.next()) out.push_back(*number);
}
coro<> take_one(generator<int>& numbers, std::optional<int>& out) {
  if (auto* number = co_await numbers.next()) out = *number;
}
coro<> close(generator<int>& numbers) { co_await numbers.close(); }

/// Yields 1 and 2, holds a local, waits at the gate in between, and notes how it ends.
generator<int> noted(gate& between, std::string& log, tracked /*parameter*/) {
  const tracked local(1);
  log += 'a';
  try {
    co_yield 1;
    log += 'b';
    co_await between.wait();
    log += 'c';
    co_yield 2;
    log += 'd';
  } catch (const generator_exit&) {
    log += 'x';
    throw;
  } catch (const cancelled_error&) {
    log += '!';
    throw;
  }
}

}  // namespace

TEST_CASE("gives each item in its order, then null, and null ever after") {
  crank wheel;
  auto body = []() -> coro<> {
    auto numbers = count(3);
    std::vector<int> seen;
    while (auto* number = co_await numbers.next()) seen.push_back(*number);
    CHECK(seen == std::vector<int>{1, 2, 3});
    const auto* after = co_await numbers.next();
    CHECK(after == nullptr);
    auto none = nothing();
    const auto* item = co_await none.next();
    CHECK(item == nullptr);
  };
  auto t = wheel.start(body());
  CHECK(wheel.run() == 1);  // an item takes no turn
  CHECK_NOTHROW(t.result());
}

TEST_CASE("the types: a pointer to the item, never awaitable itself, move-only") {
  static_assert(std::is_same_v<decltype(std::declval<generator<int>&>().next().await_resume()), int*>);
  static_assert(std::is_same_v<decltype(std::declval<generator<const int>&>().next().await_resume()), const int*>);
  static_assert(std::is_same_v<decltype(std::declval<generator<int&>&>().next().await_resume()), int*>);
  static_assert(!std::is_copy_constructible_v<generator<int>>);
  static_assert(std::is_nothrow_move_constructible_v<generator<int>>);
  static_assert(std::is_same_v<generator<const std::string&>::value_type, std::string>);
  static_assert(!has_awaiter<generator<int>>);
  static_assert(!has_awaiter<generator<int>&>);
  CHECK(has_next<generator<int>&>);
  CHECK_FALSE(has_next<generator<int>>);  // its item would be gone before it can be used
}

TEST_CASE("an rvalue is handed over as it is, an lvalue is copied once") {
  tracked::reset();
  crank wheel;
  auto make = []() -> generator<tracked> {
    co_yield tracked(1);
    tracked mine(2);
    co_yield mine;
    CHECK(mine.value == 2);  // the consumer changed his copy
    co_yield std::move(mine);
    CHECK(mine.value == 4);  // NOLINT(bugprone-use-after-move): this time it was the thing itself
  };
  auto body = [](auto source) -> coro<> {
    auto items = source();
    auto* item = co_await items.next();
    CHECK(item->value == 1);
    CHECK(tracked::alive == 1);
    item = co_await items.next();
    CHECK(item->value == 2);
    CHECK(tracked::alive == 2);  // the body's and the copy; the first item is gone
    item->value = 3;
    item = co_await items.next();
    CHECK(item->value == 2);
    item->value = 4;
    item = co_await items.next();
    CHECK(item == nullptr);
    CHECK(tracked::alive == 0);
  };
  auto t = wheel.start(body(make));
  wheel.run();
  CHECK_NOTHROW(t.result());
  CHECK(tracked::copies == 1);
}

TEST_CASE("a generator of const gives the body's own value, without a copy") {
  tracked::reset();
  crank wheel;
  auto make = []() -> generator<const tracked> {
    tracked mine(1);
    co_yield mine;
    mine.value = 2;
    co_yield mine;
    co_yield tracked(3);
  };
  auto body = [](auto source) -> coro<int> {
    auto items = source();
    int total = 0;
    while (const auto* item = co_await items.next()) total = 10 * total + item->value;
    co_return total;
  };
  auto t = wheel.start(body(make));
  wheel.run();
  CHECK(t.result() == 123);
  CHECK(tracked::copies == 0);
}

TEST_CASE("a generator of references refers to what the body yields") {
  crank wheel;
  std::vector<int> numbers{1, 2, 3};
  auto make = [](std::vector<int>& all) -> generator<int&> {
    for (int& each : all) co_yield each;
  };
  auto body = [](auto source, std::vector<int>& all) -> coro<> {
    auto items = source(all);
    while (int* item = co_await items.next()) *item *= 10;
  };
  auto t = wheel.start(body(make, numbers));
  wheel.run();
  CHECK_NOTHROW(t.result());
  CHECK(numbers == std::vector<int>{10, 20, 30});
}

TEST_CASE("move-only items, converted ones, ones made in braces") {
  struct pair_of {
    std::string name;
    std::vector<int> values;
  };
  crank wheel;
  auto boxes = []() -> generator<std::unique_ptr<int>> {
    co_yield std::make_unique<int>(1);
    auto mine = std::make_unique<int>(2);
    co_yield std::move(mine);
    CHECK(mine == nullptr);  // NOLINT(bugprone-use-after-move): the consumer took it
  };
  auto texts = []() -> generator<std::string> {
    co_yield "a literal that is too long for the small buffer of a string";
    const std::string mine = "another one that is too long for the small buffer";
    co_yield mine;
    CHECK(mine.front() == 'a');
  };
  auto pairs = []() -> generator<pair_of> {
    pair_of mine{"a name that is too long for the small buffer of a string", {1, 2, 3}};
    co_yield std::move(mine);
  };
  auto body = [](auto source, auto words, auto both) -> coro<> {
    auto items = source();
    std::vector<std::unique_ptr<int>> taken;
    while (auto* item = co_await items.next()) taken.push_back(std::move(*item));
    CHECK(taken.size() == 2);
    CHECK(*taken[0] + *taken[1] == 3);
    auto lines = words();
    std::string all;
    while (auto* line = co_await lines.next()) all += line->substr(0, 9) + '.';
    CHECK(all == "a literal.another o.");
    auto named = both();
    auto* first = co_await named.next();
    CHECK(first->values.size() == 3);
  };
  auto t = wheel.start(body(boxes, texts, pairs));
  wheel.run();
  CHECK_NOTHROW(t.result());
}

TEST_CASE("awaits inside suspend the task that asked") {
  crank wheel;
  std::vector<gate> gates(2);
  auto t = wheel.start(sum(count_through(gates)));
  wheel.run();
  CHECK_FALSE(t.done());
  gates[0].open();
  wheel.run();
  CHECK_FALSE(t.done());
  gates[1].open();
  wheel.run();
  CHECK(t.result() == 3);
}

TEST_CASE("generators are arguments of generators: pipelines take no turn") {
  crank wheel;
  auto t = wheel.start(sum(doubled(only_even(count(10)))));
  CHECK(wheel.run() == 1);
  CHECK(t.result() == 60);
}

TEST_CASE("an exception of the body comes out of next(), and that is the end") {
  tracked::reset();
  crank wheel;
  gate at;
  auto make = [](gate& closed, tracked) -> generator<int> {
    co_yield 1;
    co_await closed.wait();
    throw std::runtime_error("boom");
  };
  auto body = [](auto source, gate& closed) -> coro<> {
    auto numbers = source(closed, tracked(1));
    auto* first = co_await numbers.next();
    CHECK(*first == 1);
    std::string text;
    try {
      co_await numbers.next();
    } catch (const std::runtime_error& e) {
      text = e.what();
    }
    CHECK(text == "boom");
    CHECK(tracked::alive == 0);  // parameters as well
    const auto* after = co_await numbers.next();
    CHECK(after == nullptr);
    co_await numbers.close();
  };
  auto t = wheel.start(body(make, at));
  wheel.run();
  at.open();
  wheel.run();
  CHECK_NOTHROW(t.result());
}

TEST_CASE("an error of a source passes through the pipeline") {
  crank wheel;
  auto make = []() -> generator<int> {
    co_yield 2;
    throw std::runtime_error("source");
  };
  auto t = wheel.start(sum(doubled(only_even(make()))));
  wheel.run();
  CHECK_THROWS_WITH(t.result(), "source");
}

TEST_CASE("destroyed before it ran: nothing runs, parameters go") {
  tracked::reset();
  gate at;
  std::string log;
  {
    auto numbers = noted(at, log, tracked(1));
    CHECK(tracked::alive == 1);
    auto moved = std::move(numbers);
    CHECK(tracked::alive == 1);
  }
  CHECK(log.empty());
  CHECK(tracked::alive == 0);
}

TEST_CASE("at the end of its scope a suspended generator destroys its locals, and nothing of it runs") {
  tracked::reset();
  crank wheel;
  gate at;
  std::string log;
  auto body = [](gate& closed, std::string& out) -> coro<> {
    {
      auto numbers = noted(closed, out, tracked(1));
      auto* first = co_await numbers.next();
      CHECK(*first == 1);
      CHECK(tracked::alive == 2);
    }
    CHECK(tracked::alive == 0);
  };
  auto t = wheel.start(body(at, log));
  wheel.run();
  CHECK_NOTHROW(t.result());
  CHECK(log == "a");
}

TEST_CASE("moving takes the body along; a generator that was moved from is refused, and can be assigned to") {
  tracked::reset();
  crank wheel;
  gate at;
  std::string log;
  auto body = [](gate& closed, std::string& out) -> coro<> {
    auto first = noted(closed, out, tracked(1));
    auto* item = co_await first.next();
    auto second = std::move(first);
    CHECK(*item == 1);
    int refused = 0;
    for (int i = 0; i < 2; ++i) {
      try {
        co_await first.next();  // NOLINT(bugprone-use-after-move): that is the point
      } catch (const usage_error&) {
        ++refused;
      }
      try {
        co_await first.close();
      } catch (const usage_error&) {
        ++refused;
      }
    }
    CHECK(refused == 4);
    first = std::move(second);
    closed.open();
    item = co_await first.next();
    CHECK(*item == 2);
    first = noted(closed, out, tracked(2));  // destroys what it held
    CHECK(tracked::alive == 1);
    auto& same = first;
    first = std::move(same);
    item = co_await first.next();
    CHECK(*item == 1);
  };
  auto t = wheel.start(body(at, log));
  wheel.run();
  CHECK_NOTHROW(t.result());
  CHECK(log == "abca");
  CHECK(tracked::alive == 0);
}

TEST_CASE("several tasks may advance it, one after the other, and each is the one that waits inside") {
  crank wheel;
  std::vector<gate> gates(2);
  auto numbers = count_through(gates);
  std::optional<int> a, b;
  auto first = wheel.start(take_one(numbers, a));
  gates[0].open();
  wheel.run();
  CHECK(a == 1);
  auto second = wheel.start(take_one(numbers, b));
  wheel.run();
  CHECK_FALSE(second.done());
  second.cancel("second");  // must find the second task inside, not the first
  wheel.run();
  CHECK(second.cancelled());
  CHECK(first.done());
}

TEST_CASE("two next() at the same time: the second is refused, the first goes on") {
  crank wheel;
  std::vector<gate> gates(2);
  auto numbers = count_through(gates);
  std::optional<int> a, b;
  auto first = wheel.start(take_one(numbers, a));
  auto second = wheel.start(take_one(numbers, b));
  auto third = wheel.start(close(numbers));
  wheel.run();
  CHECK_FALSE(first.done());
  CHECK_THROWS_AS(second.result(), usage_error);
  CHECK_THROWS_AS(third.result(), usage_error);
  gates[0].open();
  wheel.run();
  CHECK(a == 1);
  auto fourth = wheel.start(take_one(numbers, b));
  gates[1].open();
  wheel.run();
  CHECK(b == 2);
}

TEST_CASE("a generator that asks itself is refused") {
  crank wheel;
  struct loop {
    static generator<int> body(generator<int>*& self) {
      co_yield 1;
      co_await self->next();
      co_yield 2;
    }
  };
  generator<int>* self = nullptr;
  auto numbers = loop::body(self);
  self = &numbers;
  auto t = wheel.start(sum(doubled(std::move(numbers))));
  wheel.run();
  CHECK_THROWS_AS(t.result(), usage_error);  // empty: it was moved into the pipeline
  numbers = loop::body(self);
  std::vector<int> seen;
  auto u = wheel.start(append(numbers, seen));
  wheel.run();
  CHECK_THROWS_AS(u.result(), usage_error);  // running
  CHECK(seen == std::vector<int>{1});
}

TEST_CASE("a cancel request is delivered inside, at the innermost suspension") {
  tracked::reset();
  crank wheel;
  gate at;
  std::string log;
  auto through = [](generator<int> input, std::string& out) -> generator<int> {
    try {
      while (auto* item = co_await input.next()) co_yield *item;
    } catch (const cancelled_error& e) {
      out += e.message();
      throw;
    }
  };
  auto t = wheel.start(sum(through(noted(at, log, tracked(1)), log)));
  wheel.run();
  t.cancel("stop");
  wheel.run();
  CHECK(log == "ab!stop");
  CHECK(t.cancelled());
  CHECK(tracked::alive == 0);
}

TEST_CASE("a body that swallows the request goes on yielding; a co_yield delivers none") {
  crank wheel;
  gate at;
  task<>* self = nullptr;
  auto stubborn = [](gate& closed) -> generator<int> {
    int item = 0;
    try {
      co_await closed.wait();
    } catch (const cancelled_error&) {
      item = 1;
    }
    co_yield item;
    co_yield 2;
  };
  auto body = [](task<>*& me, auto make, gate& closed) -> coro<> {
    auto numbers = make(closed);
    auto* item = co_await numbers.next();
    CHECK(*item == 1);
    me->cancel();
    item = co_await numbers.next();
    CHECK(*item == 2);
    CHECK(me->uncancel() == 1);
    CHECK(me->uncancel() == 0);
  };
  auto t = wheel.start(body(self, stubborn, at));
  self = &t;
  wheel.run();
  t.cancel();
  wheel.run();
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
}

TEST_CASE("cancel after every number of turns: nothing is left, and the generator has ended or can go on") {
  for (int step = 0; step < 12; ++step) {
    CAPTURE(step);
    tracked::reset();
    {
      crank wheel;
      std::vector<gate> gates(3);
      auto make = [](std::vector<gate>& all, tracked) -> generator<int> {
        const tracked local(1);
        for (auto& each : all) {
          co_await each.wait();
          co_yield 1;
        }
      };
      auto numbers = make(gates, tracked(2));
      auto consume = [](generator<int>& from, gate& pause, std::vector<gate>& all) -> coro<int> {
        int seen = 0;
        while (auto* number = co_await from.next()) {
          seen += *number;
          if (seen < 3) co_await all[static_cast<std::size_t>(seen)].wait();
        }
        co_await pause.wait();
        co_return seen;
      };
      gate last;
      auto t = wheel.start(consume(numbers, last, gates));
      std::size_t opened = 0;
      for (int i = 0; i < step; ++i) {
        if (!wheel.turn() && opened < gates.size()) gates[opened++].open();
      }
      const bool asked = t.cancel();
      wheel.run();
      CHECK(asked);
      CHECK(t.cancelled());
      for (; opened < gates.size(); ++opened) gates[opened].open();
      std::vector<int> rest;
      auto u = wheel.start(append(numbers, rest));
      wheel.run();
      CHECK_NOTHROW(u.result());
      CHECK(rest.size() <= 3);
      CHECK(tracked::alive == 0);  // it has ended
    }
  }
}

TEST_CASE("close() throws generator_exit inside, the body cleans up with awaits, and it is over") {
  tracked::reset();
  crank wheel;
  gate cleaning;
  std::string log;
  auto make = [](gate& at, std::string& out, tracked) -> generator<int> {
    bool closed = false;
    try {
      co_yield 1;
    } catch (const generator_exit&) {
      closed = true;
    }
    if (closed) {
      out += '(';
      co_await at.wait();
      out += ')';
    }
  };
  auto body = [](auto source, gate& at, std::string& out) -> coro<> {
    auto numbers = source(at, out, tracked(1));
    co_await numbers.next();
    co_await numbers.close();
    out += '.';
    CHECK(tracked::alive == 0);
    const auto* after = co_await numbers.next();
    CHECK(after == nullptr);
    co_await numbers.close();  // again: nothing
  };
  auto t = wheel.start(body(make, cleaning, log));
  wheel.run();
  CHECK(log == "(");
  CHECK_FALSE(t.done());
  cleaning.open();
  wheel.run();
  CHECK(log == "().");
  CHECK_NOTHROW(t.result());
}

TEST_CASE("close(): generator_exit may leave the body; a fresh one runs nothing; an ended one neither") {
  tracked::reset();
  crank wheel;
  gate at;
  std::string log;
  auto body = [](gate& closed, std::string& out) -> coro<> {
    auto started = noted(closed, out, tracked(1));
    co_await started.next();
    co_await started.close();
    CHECK(out == "ax");
    auto fresh = noted(closed, out, tracked(1));
    co_await fresh.close();
    CHECK(out == "ax");
    CHECK(tracked::alive == 0);
    const auto* after = co_await fresh.next();
    CHECK(after == nullptr);
    auto ended = nothing();
    co_await ended.next();
    co_await ended.close();
  };
  auto t = wheel.start(body(at, log));
  CHECK(wheel.run() == 1);
  CHECK_NOTHROW(t.result());
}

TEST_CASE("close(): another error comes out, a second co_yield is a usage_error that destroys the body") {
  tracked::reset();
  crank wheel;
  auto fails = [](tracked) -> generator<int> {
    try {
      co_yield 1;
    } catch (const generator_exit&) {
      throw std::runtime_error("cleaning failed");
    }
  };
  auto ignores = [](tracked) -> generator<int> {
    for (;;) {
      try {
        co_yield 1;
      } catch (const generator_exit&) {  // NOLINT(bugprone-empty-catch): the mistake
      }
    }
  };
  auto body = [](auto first, auto second) -> coro<std::string> {
    std::string text;
    auto failing = first(tracked(1));
    co_await failing.next();
    try {
      co_await failing.close();
    } catch (const std::runtime_error& e) {
      text = e.what();
    }
    auto ignoring = second(tracked(1));
    co_await ignoring.next();
    try {
      co_await ignoring.close();
    } catch (const usage_error&) {
      text += ", ignored";
    }
    CHECK(tracked::alive == 0);
    const auto* after = co_await ignoring.next();
    CHECK(after == nullptr);
    co_return text;
  };
  auto t = wheel.start(body(fails, ignores));
  wheel.run();
  CHECK(t.result() == "cleaning failed, ignored");
}

TEST_CASE("a generator_exit that nobody asked for is an error like any other") {
  crank wheel;
  auto make = []() -> generator<int> {
    co_yield 1;
    throw generator_exit();
  };
  auto body = [](auto source) -> coro<bool> {
    auto numbers = source();
    co_await numbers.next();
    try {
      co_await numbers.next();
    } catch (const generator_exit&) {
      co_return true;
    }
    co_return false;
  };
  auto t = wheel.start(body(make));
  wheel.run();
  CHECK(t.result());
}

TEST_CASE("a cancel request while it is closed is delivered in the clean-up and comes out of close()") {
  crank wheel;
  gate at;
  std::string log;
  auto make = [](gate& closed, std::string& out) -> generator<int> {
    bool exit = false;
    try {
      co_yield 1;
    } catch (const generator_exit&) {
      exit = true;
    }
    if (!exit) co_return;
    try {
      co_await closed.wait();
    } catch (const cancelled_error& e) {
      out += e.message();
      throw;
    }
  };
  auto body = [](auto source, gate& closed, std::string& out) -> coro<> {
    auto numbers = source(closed, out);
    co_await numbers.next();
    co_await numbers.close();
  };
  auto t = wheel.start(body(make, at, log));
  wheel.run();
  t.cancel("hurry");
  wheel.run();
  CHECK(log == "hurry");
  CHECK(t.cancelled());
}

TEST_CASE("torn down while the body waits: the consumer's frame takes the generator along, pipeline and all") {
  tracked::reset();
  gate at;
  std::string log;
  {
    crank wheel;
    static_cast<void>(wheel.start(sum(doubled(noted(at, log, tracked(1))))));
    wheel.run();
    CHECK(tracked::alive == 2);
  }
  CHECK(tracked::alive == 0);
  at.open();  // nobody waits any more
}

TEST_CASE("torn down while the body waits, with the generator outside: it has ended") {
  tracked::reset();
  gate at;
  std::string log;
  auto numbers = noted(at, log, tracked(1));
  std::vector<int> seen;
  {
    crank wheel;
    static_cast<void>(wheel.start(append(numbers, seen)));
    wheel.run();
    CHECK(seen.size() == 1);
    CHECK(tracked::alive == 2);
  }
  CHECK(tracked::alive == 0);
  at.open();
  crank another;
  auto t = another.start(append(numbers, seen));
  another.run();
  CHECK(t.done());
  CHECK(seen.size() == 1);
}

TEST_CASE("torn down with the generator in one task and its consumer in another, in both orders") {
  for (const bool owner_first : {true, false}) {
    CAPTURE(owner_first);
    tracked::reset();
    gate at, begin, never;
    std::string log;
    std::vector<int> seen;
    {
      crank wheel;
      generator<int>* shared = nullptr;
      auto own = [](generator<int>*& out, gate& closed, gate& for_ever, std::string& notes) -> coro<> {
        auto numbers = noted(closed, notes, tracked(1));
        out = &numbers;
        co_await for_ever.wait();
      };
      auto consume = [](generator<int>*& from, gate& start, std::vector<int>& out) -> coro<> {
        co_await start.wait();
        co_await append(*from, out);
      };
      task<> owner, consumer;
      if (owner_first) owner = wheel.start(own(shared, at, never, log));
      consumer = wheel.start(consume(shared, begin, seen));
      if (!owner_first) owner = wheel.start(own(shared, at, never, log));
      wheel.run();
      begin.open();
      wheel.run();
      CHECK(seen.size() == 1);
      CHECK(tracked::alive == 2);
      wheel.tear_down();
      CHECK(tracked::alive == 0);
      CHECK(consumer.cancelled());
      CHECK_FALSE(consumer.cancel());
    }
    at.open();
    CHECK(log == "ab");
  }
}

TEST_CASE("children of a when_all share one generator in turns") {
  crank wheel;
  auto numbers = count(6);
  std::vector<int> seen;
  auto both = [](generator<int>& from, std::vector<int>& out) -> coro<> {
    co_await charkha::when_all(append(from, out), append(from, out));
  };
  auto t = wheel.start(both(numbers, seen));
  wheel.run();
  CHECK_NOTHROW(t.result());
  CHECK(seen.size() == 6);
}

TEST_CASE("100,000 items do not grow the stack, through a pipeline neither") {
  crank wheel;
  charkha::test::stack_span span;
  auto source = [](charkha::test::stack_span& probe) -> generator<int> {
    for (int i = 0; i < 100'000; ++i) {
      probe.look();
      co_yield 1;
    }
  };
  auto body = [](auto make, charkha::test::stack_span& probe) -> coro<int> {
    auto numbers = doubled(doubled(make(probe)));
    int total = 0;
    while (auto* number = co_await numbers.next()) {
      probe.look();
      total += *number;
    }
    co_return total;
  };
  auto t = wheel.start(body(source, span));
  CHECK(wheel.run() == 1);
  CHECK(t.result() == 400'000);
  CHECK(span.bytes() < 16 * 1024);
}
