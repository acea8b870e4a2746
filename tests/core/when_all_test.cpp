// SPDX-License-Identifier: Apache-2.0
// Structured fork-join, turned by hand: one worker with a fork stack.
#include "charkha/when_all.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/stack_probe.hpp"
#include "support/tracked.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::exception_group;
using charkha::task;
using charkha::when_all;
using charkha::test::crank;
using charkha::test::gate;
using charkha::test::tracked;

namespace {

coro<int> give(int value) { co_return value; }
coro<int> give_at(gate& at, int value) {
  co_await at.wait();
  co_return value;
}
coro<> pass(gate& at) { co_await at.wait(); }
coro<> note(std::string& log, char letter) {
  log += letter;
  co_return;
}
coro<> note_at(std::string& log, char letter, gate& at) {
  log += letter;
  co_await at.wait();
  log += static_cast<char>(letter - 'a' + 'A');
}
coro<> fail(const char* text) {
  throw std::runtime_error(text);
  co_return;
}
coro<> fail_at(gate& at, const char* text) {
  co_await at.wait();
  throw std::runtime_error(text);
}
/// Fails when it is cancelled.
coro<> spiteful(gate& at, const char* text) {
  try {
    co_await at.wait();
  } catch (const cancelled_error&) {
    throw std::runtime_error(text);
  }
}
coro<> throw_cancelled() {
  throw cancelled_error("mine");
  co_return;
}
coro<int> fib(int n) {
  if (n < 2) co_return n;
  const auto parts = co_await when_all(fib(n - 1), fib(n - 2));
  co_return std::get<0>(parts) + std::get<1>(parts);
}
template <class... Coros>
coro<> all(Coros... bodies) {
  co_await when_all(std::move(bodies)...);
}
coro<> all_of(std::vector<coro<>> bodies) { co_await when_all(std::move(bodies)); }

std::vector<std::string> texts(const task<>& t) {
  std::vector<std::string> found;
  try {
    t.result();
  } catch (const exception_group& group) {
    for (const auto& each : group.errors()) found.push_back(charkha::detail::describe_exception(each));
  }
  return found;
}

}  // namespace

TEST_CASE("values in argument order: tuple, monostate for void, nothing for all void") {
  crank wheel;
  gate at;
  auto body = [](gate& closed) -> coro<> {
    auto box = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
    auto values = co_await when_all(give_at(closed, 1), pass(closed), box());
    static_assert(std::is_same_v<decltype(values), std::tuple<int, std::monostate, std::unique_ptr<int>>>);
    CHECK(std::get<0>(values) == 1);
    CHECK(*std::get<2>(values) == 3);
    static_assert(std::is_void_v<decltype(when_all(pass(closed), pass(closed)).await_resume())>);
  };
  auto t = wheel.start(body(at));
  wheel.run();
  CHECK_FALSE(t.done());
  at.open();
  wheel.run();
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
}

TEST_CASE("a vector gives a vector; an empty one does not suspend") {
  crank wheel;
  auto body = []() -> coro<> {
    std::vector<coro<int>> many;
    for (int i = 0; i < 4; ++i) many.push_back(give(i));
    const auto values = co_await when_all(std::move(many));
    CHECK(values == std::vector<int>{0, 1, 2, 3});
    std::vector<coro<int>> none;
    const auto empty = co_await when_all(std::move(none));
    CHECK(empty.empty());
    std::vector<coro<>> nothing;
    co_await when_all(std::move(nothing));
  };
  auto t = wheel.start(body());
  CHECK(wheel.run() == 1);
  CHECK_NOTHROW(t.result());
}

TEST_CASE("depth first: the first child at once, the next when it ends or suspends, no turn in between") {
  crank wheel;
  gate at;
  std::string log;
  auto t = wheel.start(all(note(log, 'a'), note(log, 'b'), note(log, 'c')));
  CHECK(wheel.run() == 1);
  CHECK(log == "abc");
  CHECK(t.done());
  log.clear();
  auto u = wheel.start(all(note_at(log, 'a', at), note(log, 'b'), note_at(log, 'c', at)));
  wheel.run();
  CHECK(log == "abc");
  CHECK_FALSE(u.done());
  at.open();
  wheel.run();
  CHECK(log == "abcAC");
  CHECK(u.done());
}

TEST_CASE("nested: fib divides and joins without a turn") {
  crank wheel;
  auto t = wheel.start(fib(15));
  CHECK(wheel.run() == 1);
  CHECK(t.result() == 610);
  CHECK(wheel.forked() == 0);
}

TEST_CASE("the stack does not grow with the number of children nor with the depth") {
  crank wheel;
  charkha::test::stack_span span;
  auto leaf = [](charkha::test::stack_span& probe) -> coro<> {
    probe.look();
    co_return;
  };
  auto body = [](auto make, charkha::test::stack_span& probe) -> coro<> {
    for (int round = 0; round < 20; ++round) {
      std::vector<coro<>> many;
      for (int i = 0; i < 1000; ++i) many.push_back(make(probe));
      co_await when_all(std::move(many));
      probe.look();
    }
  };
  auto t = wheel.start(body(leaf, span));
  wheel.run();
  CHECK(t.done());
  CHECK(span.bytes() < 16 * 1024);
}

TEST_CASE("the first error cancels the siblings, all errors come out together") {
  crank wheel;
  gate first, closed;
  auto t = wheel.start(all(fail_at(first, "one"), spiteful(closed, "two"), pass(closed)));
  wheel.run();
  first.open();
  wheel.run();
  CHECK(t.done());
  CHECK_FALSE(t.cancelled());
  CHECK(texts(t) == std::vector<std::string>{"one", "two"});
  CHECK(t.cancelling() == 0);
}

TEST_CASE("an error of the first child: the others have not begun and never run") {
  crank wheel;
  std::string log;
  auto t = wheel.start(all(fail("one"), note(log, 'b'), note(log, 'c')));
  wheel.run();
  CHECK(log.empty());
  CHECK(texts(t) == std::vector<std::string>{"one"});
}

TEST_CASE("an error after the siblings ended: only that one") {
  crank wheel;
  gate at;
  std::string log;
  auto t = wheel.start(all(note(log, 'a'), fail_at(at, "late")));
  wheel.run();
  at.open();
  wheel.run();
  CHECK(log == "a");
  CHECK(texts(t) == std::vector<std::string>{"late"});
}

TEST_CASE("groups nest") {
  crank wheel;
  auto t = wheel.start(all(all(fail("deep")), fail("flat")));
  wheel.run();
  CHECK(texts(t) == std::vector<std::string>{"1 error: deep"});  // the sibling had not begun
}

TEST_CASE("a child that ends cancelled without an error makes the await throw cancelled_error") {
  crank wheel;
  std::string log;
  auto t = wheel.start(all(throw_cancelled(), note(log, 'b')));
  wheel.run();
  CHECK(t.cancelled());
  CHECK(t.cancelling() == 0);
  CHECK(log == "b");  // it is no error: siblings go on
}

TEST_CASE("the parent's request goes to all children and is thrown when all have ended") {
  crank wheel;
  gate closed, then;
  std::string log;
  auto careful = [](gate& at, gate& cleaning, std::string& out) -> coro<> {
    try {
      co_await at.wait();
    } catch (const cancelled_error& e) {
      out += e.message();
    }
    co_await cleaning.wait();
    out += '.';
  };
  auto t = wheel.start(all(careful(closed, then, log), careful(closed, then, log)));
  wheel.run();
  CHECK(t.cancel("x"));
  wheel.run();
  CHECK(log == "xx");
  CHECK_FALSE(t.done());
  then.open();
  wheel.run();
  CHECK(log == "xx..");
  CHECK(t.cancelled());
  try {
    t.result();
  } catch (const cancelled_error& e) {
    CHECK(e.message() == "x");
  }
}

TEST_CASE("errors win over the parent's request, which then comes at the next suspension") {
  crank wheel;
  gate closed;
  std::string log;
  auto body = [](gate& at, std::string& out) -> coro<> {
    try {
      co_await when_all(spiteful(at, "spite"), pass(at));
    } catch (const exception_group& group) {
      out += group.what();
    }
    try {
      co_await at.wait();
    } catch (const cancelled_error&) {
      out += "+cancelled";
      throw;
    }
  };
  auto t = wheel.start(body(closed, log));
  wheel.run();
  t.cancel();
  wheel.run();
  CHECK(log == "1 error: spite+cancelled");
  CHECK(t.cancelled());
  CHECK(t.cancelling() == 1);
}

TEST_CASE("a request before the scope began cancels children that never run") {
  tracked::reset();
  crank wheel;
  std::string log;
  task<>* self = nullptr;
  auto child = [](std::string& out, tracked) -> coro<> {
    out += 'x';
    co_return;
  };
  auto body = [](task<>*& me, auto make, std::string& out) -> coro<> {
    me->cancel("early");
    co_await when_all(make(out, tracked(1)), make(out, tracked(2)), make(out, tracked(3)));
    out += '!';
  };
  auto t = wheel.start(body(self, child, log));
  self = &t;
  wheel.run();
  CHECK(log.empty());
  CHECK(t.cancelled());
  CHECK(tracked::alive == 0);
}

TEST_CASE("10,000 children that are cancelled before they begin do not nest on the stack") {
  crank wheel;
  task<>* self = nullptr;
  bool ran = false;
  charkha::test::stack_span span;
  class on_exit {
   public:
    explicit on_exit(charkha::test::stack_span& probe) : probe_(&probe) {}
    on_exit(on_exit&& other) noexcept : probe_(std::exchange(other.probe_, nullptr)) {}
    on_exit& operator=(on_exit&&) = delete;
    ~on_exit() {
      if (probe_ != nullptr) probe_->look();
    }

   private:
    charkha::test::stack_span* probe_;
  };
  auto child = [](bool& flag, on_exit) -> coro<> {
    flag = true;
    co_return;
  };
  auto body = [](task<>*& me, auto make, bool& flag, charkha::test::stack_span& probe) -> coro<> {
    std::vector<coro<>> many;
    for (int i = 0; i < 10'000; ++i) many.push_back(make(flag, on_exit(probe)));
    me->cancel();
    co_await when_all(std::move(many));
  };
  auto t = wheel.start(body(self, child, ran, span));
  self = &t;
  wheel.run();
  CHECK(t.cancelled());
  CHECK_FALSE(ran);
  CHECK(span.bytes() < 16 * 1024);
}

TEST_CASE("cancel at every step: the scope ends when all children have, and nothing is left") {
  for (int step = 0; step < 14; ++step) {
    CAPTURE(step);
    tracked::reset();
    crank wheel;
    gate gates[4];
    {
      auto child = [](gate& a, gate& b, tracked) -> coro<> {
        co_await a.wait();
        co_await b.wait();
      };
      auto t = wheel.start(all(child(gates[0], gates[1], tracked(1)), child(gates[2], gates[3], tracked(2)),
                               all(child(gates[1], gates[2], tracked(3)))));
      int opened = 0;
      for (int i = 0; i < step; ++i) {
        if (!wheel.turn() && opened < 4) gates[opened++].open();
      }
      const bool asked = t.cancel("now");
      wheel.run();
      CHECK(t.done());
      CHECK(t.cancelled() == asked);
      CHECK(tracked::alive == 0);
    }
    CHECK(wheel.blocks() == 0);
    CHECK(wheel.forked() == 0);
  }
}

TEST_CASE("two requests while the children clean up reach them twice") {
  crank wheel;
  gate closed;
  int delivered = 0;
  auto child = [](gate& at, int& count) -> coro<> {
    for (int i = 0; i < 2; ++i) {
      try {
        co_await at.wait();
      } catch (const cancelled_error&) {
        ++count;
      }
    }
  };
  auto t = wheel.start(all(child(closed, delivered), child(closed, delivered)));
  wheel.run();
  t.cancel();
  wheel.run();
  CHECK(delivered == 2);
  CHECK_FALSE(t.done());
  t.cancel();
  wheel.run();
  CHECK(delivered == 4);
  CHECK(t.cancelled());
  CHECK(t.cancelling() == 2);
}

TEST_CASE("a scope that is never awaited runs nothing and destroys its children") {
  tracked::reset();
  crank wheel;
  gate at;
  auto child = [](gate& closed, tracked) -> coro<> { co_await closed.wait(); };
  {
    const crank::on_worker here(wheel);
    static_cast<void>(when_all(child(at, tracked(1)), child(at, tracked(2))));
  }
  CHECK(wheel.run() == 0);
  CHECK(tracked::alive == 0);
}

TEST_CASE("teardown in the middle destroys parent and children") {
  tracked::reset();
  gate at;
  crank wheel;
  auto child = [](gate& closed, tracked) -> coro<> { co_await closed.wait(); };
  std::vector<coro<>> many;
  for (int i = 0; i < 10; ++i) many.push_back(child(at, tracked(i)));
  auto t = wheel.start(all_of(std::move(many)));
  wheel.turn();  // some have begun, some may not
  wheel.tear_down();
  CHECK(tracked::alive == 0);
  CHECK(t.cancelled());
}

TEST_CASE("an empty coro among the children is a usage_error; one that is never awaited runs nothing") {
  auto body = give(1);
  auto taken = std::move(body);
  bool ran = false;
  auto note_run = [](bool& flag) -> coro<> {
    flag = true;
    co_return;
  };
  static_cast<void>(when_all(note_run(ran)));  // not even on a worker
  CHECK_FALSE(ran);
  CHECK_THROWS_AS(static_cast<void>(when_all(give(1), std::move(body))),
                  charkha::usage_error);  // NOLINT(bugprone-use-after-move)
  std::vector<coro<int>> many;
  many.push_back(std::move(taken));
  many.push_back(std::move(body));
  CHECK_THROWS_AS(static_cast<void>(when_all(std::move(many))), charkha::usage_error);
}

TEST_CASE("a child awaits a task, and a task is cancelled through its parent's scope") {
  crank wheel;
  gate at;
  auto await_it = [](task<int> of) -> coro<int> {
    const int value = co_await of;
    co_return value;
  };
  auto inner = wheel.start(give_at(at, 3));
  auto body = [](auto make, task<int> of) -> coro<int> {
    const auto values = co_await when_all(make(of), give(1));
    co_return std::get<0>(values) + std::get<1>(values);
  };
  auto t = wheel.start(body(await_it, inner));
  wheel.run();
  SUBCASE("completed") {
    at.open();
    wheel.run();
    CHECK(t.result() == 4);
  }
  SUBCASE("cancelled") {
    t.cancel("down");
    wheel.run();
    CHECK(inner.cancelled());
    CHECK(t.cancelled());
  }
}

TEST_CASE("when_all of nothing is over at once") {
  charkha::test::crank wheel;
  auto body = []() -> charkha::coro<> { co_await charkha::when_all(); };
  auto t = wheel.start(body());
  CHECK(wheel.run() == 1);
  CHECK_NOTHROW(t.result());
}
