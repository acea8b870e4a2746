// SPDX-License-Identifier: Apache-2.0
// The task: awaiting it, its result, and cancellation rule by rule (asyncio/rules R10-R34), turned by hand.
#include "charkha/task.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/create_task.hpp"
#include "charkha/invalid_state_error.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"
#include "support/stack_probe.hpp"
#include "support/tracked.hpp"

using charkha::cancelled_error;
using charkha::coro;
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
coro<> pass(gate& at) { co_await at.wait(); }
coro<int> fail(const char* text) {
  throw std::runtime_error(text);
  co_return 0;
}
coro<int> relay(task<int> from) {
  const int value = co_await from;
  co_return value;
}
coro<> note_after(std::string& log, task<int> of, char letter) {
  co_await of;
  log += letter;
}
/// Logs how its wait ended: v value, c cancelled, e error.
coro<> watch(std::string& log, task<int> of) {
  try {
    static_cast<void>(co_await of);
    log += 'v';
  } catch (const cancelled_error& e) {
    log += 'c';
    log += e.message();
  } catch (const std::exception& e) {
    log += 'e';
    log += e.what();
  }
}
/// The handle of the task that will run it is put into the box later.
coro<> await_box(task<>*& box) { co_await *box; }

}  // namespace

TEST_CASE("many tasks and many awaits get the value, in the order in which they began to wait") {
  crank wheel;
  gate at;
  std::string log;
  auto source = wheel.start(give_at(at, 7));
  for (const char letter : {'a', 'b', 'c', 'd'}) static_cast<void>(wheel.start(note_after(log, source, letter)));
  wheel.run();
  CHECK(log.empty());
  at.open();
  wheel.run();
  CHECK(log == "abcd");
  CHECK(source.result() == 7);
}

TEST_CASE("an exception is thrown at every awaiter and counts as seen (R10, R21)") {
  crank wheel;
  std::string log;
  {
    auto source = wheel.start(fail("boom"));
    for (int i = 0; i < 3; ++i) static_cast<void>(wheel.start(watch(log, source)));
  }
  wheel.run();
  CHECK(log == "eboomeboomeboom");
  CHECK(wheel.reports().empty());
  CHECK(wheel.blocks() == 0);
}

TEST_CASE("awaiting a done task does not suspend: nothing else runs in between (R12)") {
  crank wheel;
  std::string log;
  auto done = wheel.start(give(1));
  wheel.run();
  auto body = [](std::string& out, task<int> of) -> coro<> {
    out += '1';
    for (int i = 0; i < 3; ++i) co_await of;
    out += '2';
  };
  auto other = [](std::string& out) -> coro<> {
    out += 'x';
    co_return;
  };
  auto t = wheel.start(body(log, done));
  auto x = wheel.start(other(log));
  wheel.run();
  CHECK(log == "12x");
  CHECK(t.done());
  CHECK(x.done());
}

TEST_CASE("a completion never runs its waiters on the completer's stack (R14)") {
  crank wheel;
  std::string log;
  auto done = wheel.start(give(1));
  static_cast<void>(wheel.start(note_after(log, done, 'w')));
  CHECK(wheel.turn());  // `done` ends, nobody waits yet
  CHECK(wheel.turn());
  CHECK(log == "w");
  auto source = wheel.start(give(2));
  auto first = wheel.start(note_after(log, source, 'x'));
  auto body = [](task<int> of, std::string& out) -> coro<> {
    co_await of;
    out += 'y';
  };
  auto second = wheel.start(body(source, log));
  CHECK(wheel.turn());  // source ends
  CHECK(log == "w");
  CHECK(source.done());
  wheel.run();
  CHECK(log == "wxy");
  CHECK(first.done());
  CHECK(second.done());
}

TEST_CASE("awaiting an lvalue gives a reference to the one value") {
  tracked::reset();
  crank wheel;
  auto make = []() -> coro<tracked> { co_return tracked(9); };
  auto source = wheel.start(make());
  auto body = [](task<tracked> of) -> coro<> {
    const tracked& a = co_await of;
    const tracked& b = co_await of;
    CHECK(&a == &b);
    CHECK(a.value == 9);
  };
  auto t = wheel.start(body(source));
  wheel.run();
  CHECK_NOTHROW(t.result());
  CHECK(&source.result() == &source.result());
  CHECK(tracked::copies == 0);
}

TEST_CASE("awaiting an rvalue moves the value out, unless others have handles") {
  tracked::reset();
  crank wheel;
  auto make = []() -> coro<tracked> { co_return tracked(9); };
  auto body = [](coro<tracked> from) -> coro<> {
    auto mine = charkha::create_task(std::move(from));
    const tracked moved = co_await std::move(mine);
    CHECK(moved.value == 9);
    CHECK(tracked::copies == 0);
  };
  auto t = wheel.start(body(make()));
  wheel.run();
  CHECK_NOTHROW(t.result());

  auto shared = wheel.start(make());
  auto copying = [](task<tracked> of) -> coro<> {
    const tracked copied = co_await std::move(of);
    CHECK(copied.value == 9);
  };
  auto u = wheel.start(copying(shared));
  wheel.run();
  CHECK_NOTHROW(u.result());
  CHECK(tracked::copies == 1);
  CHECK(shared.result().value == 9);
}

TEST_CASE("tasks give move-only values and references") {
  crank wheel;
  int target = 0;
  auto boxed = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
  auto refer = [](int& where) -> coro<int&> { co_return where; };
  auto body = [](coro<std::unique_ptr<int>> box, coro<int&> reference, int& where) -> coro<> {
    auto first = charkha::create_task(std::move(box));
    const auto& looked = co_await first;
    CHECK(*looked == 3);
    const auto taken = co_await std::move(first);
    CHECK(*taken == 3);
    auto second = charkha::create_task(std::move(reference));
    int& same = co_await second;
    CHECK(&same == &where);
  };
  auto t = wheel.start(body(boxed(), refer(target), target));
  wheel.run();
  CHECK_NOTHROW(t.result());
}

TEST_CASE("result and exception before the end are an invalid_state_error, after it what it was (R18)") {
  crank wheel;
  gate at;
  auto good = wheel.start(give_at(at, 5));
  auto bad = wheel.start(fail("boom"));
  CHECK_FALSE(good.done());
  CHECK_THROWS_AS(static_cast<void>(good.result()), charkha::invalid_state_error);
  CHECK_THROWS_AS(static_cast<void>(good.exception()), charkha::invalid_state_error);
  CHECK_FALSE(good.cancelled());
  at.open();
  wheel.run();
  CHECK(good.done());
  CHECK(good.result() == 5);
  CHECK(good.exception() == nullptr);
  CHECK_FALSE(good.cancelled());
  CHECK(bad.done());
  CHECK_FALSE(bad.cancelled());
  CHECK(bad.exception() != nullptr);
  CHECK_THROWS_WITH(static_cast<void>(bad.result()), "boom");
}

TEST_CASE("get gives the result, turning the wheel meanwhile, and is refused on a worker") {
  crank wheel;
  gate at;
  auto t = wheel.start(give(5));
  CHECK(t.get() == 5);
  CHECK(t.get() == 5);
  auto pending = wheel.start(pass(at));
  const crank::on_worker here(wheel);
  CHECK(t.get() == 5);  // done: nothing to block for
  CHECK_THROWS_AS(pending.get(), charkha::usage_error);
}

TEST_CASE("a moved-from handle answers every question with a usage_error") {
  crank wheel;
  auto full = wheel.start(give(1));
  auto other = std::move(full);
  CHECK_THROWS_AS(static_cast<void>(full.done()), charkha::usage_error);  // NOLINT(bugprone-use-after-move)
  CHECK_THROWS_AS(static_cast<void>(full.cancelled()), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(full.result()), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(full.exception()), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(full.get()), charkha::usage_error);
  CHECK_THROWS_AS(full.cancel(), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(full.name()), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(full.operator co_await()), charkha::usage_error);
  CHECK_FALSE(other == full);
  const auto copy = other;
  CHECK(copy == other);
  wheel.run();
  CHECK(other.result() == 1);
}

TEST_CASE("a task that awaits itself gets a usage_error (R16)") {
  crank wheel;
  task<>* box = nullptr;
  auto t = wheel.start(await_box(box), {.name = "narcissus"});
  box = &t;
  wheel.run();
  CHECK(t.done());
  CHECK_THROWS_AS(t.result(), charkha::usage_error);
  try {
    t.result();
  } catch (const charkha::usage_error& e) {
    CHECK(std::string(e.what()).find("narcissus") != std::string::npos);
  }
}

TEST_CASE("awaiting a task of another runtime is a usage_error unless it is done (R17)") {
  crank wheel, foreign;
  gate at;
  auto other = foreign.start(give_at(at, 1));
  foreign.run();
  auto t = wheel.start(relay(other));
  wheel.run();
  CHECK_THROWS_AS(static_cast<void>(t.result()), charkha::usage_error);
  at.open();
  foreign.run();
  auto u = wheel.start(relay(other));
  wheel.run();
  CHECK(u.result() == 1);
}

TEST_CASE("an error that nobody looked at is reported once, when the last handle goes (R21)") {
  crank wheel;
  auto t = wheel.start(fail("boom"), {.name = "lost"});
  auto copy = t;
  wheel.run();
  CHECK(wheel.reports().empty());
  t = wheel.start(give(1));
  CHECK(wheel.reports().empty());
  copy = t;
  CHECK(wheel.reports() == std::vector<std::string>{"lost: boom"});
  wheel.run();
}

TEST_CASE("an error without any handle is reported when its task ends") {
  crank wheel;
  static_cast<void>(wheel.start(fail("boom"), {.name = "lost"}));
  wheel.run();
  CHECK(wheel.reports() == std::vector<std::string>{"lost: boom"});
  CHECK(wheel.blocks() == 0);
}

TEST_CASE("whoever looks at an error has seen it: exception, result, get, await (R21)") {
  for (int how = 0; how < 4; ++how) {
    CAPTURE(how);
    crank wheel;
    {
      std::string log;
      auto t = wheel.start(fail("boom"));
      if (how == 3) static_cast<void>(wheel.start(watch(log, t)));
      wheel.run();
      if (how == 0) CHECK(t.exception() != nullptr);
      if (how == 1) CHECK_THROWS(static_cast<void>(t.result()));
      if (how == 2) CHECK_THROWS(static_cast<void>(t.get()));
      CHECK(t.done());  // asking whether it is done is not looking
    }
    CHECK(wheel.reports().empty());
  }
  crank wheel;
  {
    auto t = wheel.start(fail("boom"));
    wheel.run();
    CHECK(t.done());
    CHECK_FALSE(t.cancelled());
  }
  CHECK(wheel.reports().size() == 1);
}

TEST_CASE("a cancelled task is never reported (R21)") {
  crank wheel;
  gate at;
  auto t = wheel.start(pass(at));
  wheel.run();
  t.cancel();
  wheel.run();
  t = wheel.start(pass(at));
  CHECK(wheel.reports().empty());
}

TEST_CASE("cancel asks, and is refused once the task is done (R23)") {
  crank wheel;
  gate at;
  auto t = wheel.start(pass(at));
  wheel.run();
  CHECK(t.cancel());
  CHECK_FALSE(t.cancelled());
  CHECK_FALSE(t.done());
  wheel.run();
  CHECK(t.done());
  CHECK(t.cancelled());
  CHECK_FALSE(t.cancel());
  CHECK(t.cancelling() == 1);
}

TEST_CASE("the message arrives inside, at the awaiter and at result (R24)") {
  crank wheel;
  gate at;
  std::string log;
  auto t = wheel.start(give_at(at, 1));
  static_cast<void>(wheel.start(watch(log, t)));
  wheel.run();
  t.cancel("first");
  t.cancel("second");  // counted, but it is the first that ended the wait, and it is delivered
  wheel.run();
  CHECK(t.cancelling() == 2);
  CHECK(log == "cfirst");
  try {
    static_cast<void>(t.result());
    FAIL_CHECK("result() must throw");
  } catch (const cancelled_error& e) {
    CHECK(e.message() == "first");
  }
  CHECK_THROWS_AS(static_cast<void>(t.exception()), cancelled_error);
}

TEST_CASE("a task that is cancelled before its first step never runs its body (R25)") {
  tracked::reset();
  crank wheel;
  bool ran = false;
  auto body = [](bool& flag, tracked) -> coro<> {
    flag = true;
    co_return;
  };
  auto t = wheel.start(body(ran, tracked(1)));
  CHECK(t.cancel("never"));
  wheel.run();
  CHECK(t.cancelled());
  CHECK_FALSE(ran);
  CHECK(tracked::alive == 0);
}

TEST_CASE("a request that is withdrawn before the first step lets the task run (R33)") {
  crank wheel;
  auto t = wheel.start(give(4));
  t.cancel();
  CHECK(t.uncancel() == 0);
  wheel.run();
  CHECK(t.result() == 4);
}

TEST_CASE("self-cancel: code goes on, a done task does not deliver, the next suspension does (R26)") {
  crank wheel;
  gate at;
  std::string log;
  task<int>* self = nullptr;
  auto done = wheel.start(give(1));
  wheel.run();
  auto body = [](std::string& out, task<int>*& me, task<int> ended, gate& closed) -> coro<int> {
    me->cancel("self");
    out += '1';
    const int value = co_await ended;
    out += static_cast<char>('1' + value);
    co_await closed.wait();
    out += 'x';
    co_return 0;
  };
  auto t = wheel.start(body(log, self, done, at));
  self = &t;
  wheel.run();
  CHECK(log == "12");
  CHECK(t.cancelled());
}

TEST_CASE("a request that no suspension delivered makes the task end cancelled, its value dropped (R27)") {
  tracked::reset();
  crank wheel;
  task<tracked>* self = nullptr;
  auto body = [](task<tracked>*& me) -> coro<tracked> {
    me->cancel("self");
    co_return tracked(1);
  };
  auto t = wheel.start(body(self));
  self = &t;
  wheel.run();
  CHECK(t.cancelled());
  CHECK(tracked::alive == 0);
}

TEST_CASE("an error beats an undelivered request") {
  crank wheel;
  task<>* self = nullptr;
  auto body = [](task<>*& me) -> coro<> {
    me->cancel();
    throw std::runtime_error("boom");
    co_return;
  };
  auto t = wheel.start(body(self));
  self = &t;
  wheel.run();
  CHECK_FALSE(t.cancelled());
  CHECK_THROWS_WITH(t.result(), "boom");
}

TEST_CASE("cancelling a task that awaits another cancels that one first (R28, R30)") {
  crank wheel;
  gate at;
  std::string log;
  auto careful = [](gate& closed, std::string& out) -> coro<int> {
    try {
      co_await closed.wait();
    } catch (const cancelled_error& e) {
      out += "clean" + e.message() + ".";
      throw;
    }
    co_return 1;
  };
  auto inner = wheel.start(careful(at, log));
  auto outer = wheel.start(watch(log, inner));
  auto third = wheel.start(watch(log, inner));
  wheel.run();
  CHECK(outer.cancel("m"));
  CHECK_FALSE(outer.done());
  wheel.run();
  CHECK(log == "cleanm.cmcm");
  CHECK(inner.cancelled());
  CHECK(inner.cancelling() == 1);
  CHECK(outer.cancelling() == 1);
  CHECK(third.cancelling() == 0);
}

TEST_CASE("if the inner task swallows the request the outer gets its value (R29)") {
  crank wheel;
  gate at;
  auto stubborn = [](gate& closed) -> coro<int> {
    try {
      co_await closed.wait();
    } catch (const cancelled_error&) {
    }
    co_return 8;
  };
  auto inner = wheel.start(stubborn(at));
  auto outer = wheel.start(relay(inner));
  wheel.run();
  outer.cancel();
  wheel.run();
  CHECK(outer.result() == 8);
  CHECK(outer.cancelling() == 1);
  CHECK_FALSE(inner.cancelled());
}

TEST_CASE("cancel after the completion and before the resumption: the cancel wins (R31)") {
  crank wheel;
  gate at;
  auto at_gate = wheel.start(give_at(at, 1));
  wheel.run();
  SUBCASE("of a plain wait") {
    at.open();
    CHECK(at_gate.cancel("late"));
    wheel.run();
    CHECK(at_gate.cancelled());
  }
  SUBCASE("of a wait for a task") {
    auto outer = wheel.start(relay(at_gate));
    wheel.run();
    at.open();
    CHECK(wheel.turn());
    CHECK(at_gate.done());
    CHECK_FALSE(outer.done());
    CHECK(outer.cancel("late"));
    wheel.run();
    CHECK(outer.cancelled());
    CHECK(at_gate.result() == 1);
  }
}

TEST_CASE("each request is delivered once; a second one interrupts the clean-up (R32)") {
  crank wheel;
  gate at, cleaning;
  std::string log;
  auto body = [](gate& first, gate& second, std::string& out) -> coro<> {
    try {
      co_await first.wait();
    } catch (const cancelled_error&) {
      out += '1';
    }
    try {
      co_await second.wait();
    } catch (const cancelled_error&) {
      out += '2';
    }
    out += '.';
  };
  auto t = wheel.start(body(at, cleaning, log));
  wheel.run();
  t.cancel();
  wheel.run();
  CHECK(log == "1");
  CHECK_FALSE(t.done());
  t.cancel();
  CHECK(t.cancelling() == 2);
  wheel.run();
  CHECK(log == "12.");
  CHECK_FALSE(t.cancelled());
}

TEST_CASE("uncancel withdraws what is undelivered, not what closed a wait (R33)") {
  crank wheel;
  gate at;
  auto waiting = wheel.start(pass(at));
  wheel.run();
  waiting.cancel();
  CHECK(waiting.uncancel() == 0);
  wheel.run();
  CHECK(waiting.cancelled());  // CPython: the awaited future is cancelled already

  gate other;
  auto resumed = wheel.start(pass(other));
  wheel.run();
  other.open();
  resumed.cancel();
  CHECK(resumed.uncancel() == 0);
  wheel.run();
  CHECK_FALSE(resumed.cancelled());
}

TEST_CASE("a coroutine that throws cancelled_error itself ends cancelled (R34)") {
  crank wheel;
  auto body = []() -> coro<> {
    throw cancelled_error("mine");
    co_return;
  };
  auto t = wheel.start(body());
  wheel.run();
  CHECK(t.cancelled());
  CHECK(t.cancelling() == 0);
}

TEST_CASE("cancel at every step of a task that waits five times: it always ends, cancelled once") {
  for (int step = 0; step <= 6; ++step) {
    CAPTURE(step);
    tracked::reset();
    crank wheel;
    gate gates[5];
    auto body = [](gate* list) -> coro<int> {
      const tracked local(1);
      for (int i = 0; i < 5; ++i) co_await list[i].wait();
      co_return 5;
    };
    auto t = wheel.start(body(gates));
    for (int i = 0; i < step && i < 6; ++i) {
      wheel.turn();
      if (i < 5) gates[i].open();
    }
    const bool asked = t.cancel();
    wheel.run();
    CHECK(t.done());
    CHECK(tracked::alive == 0);
    CHECK(asked == (step < 6));
    CHECK(t.cancelled() == asked);
  }
}

TEST_CASE("a request goes down a chain of 10,000 tasks that await each other without nesting, and back up") {
  crank wheel;
  gate at;
  std::vector<task<int>> chain{wheel.start(give_at(at, 1))};
  charkha::test::stack_span span;
  auto link = [](task<int> inner, charkha::test::stack_span& probe) -> coro<int> {
    try {
      const int value = co_await inner;
      co_return value;
    } catch (const cancelled_error&) {
      probe.look();
      throw;
    }
  };
  for (int i = 0; i < 10'000; ++i) chain.push_back(wheel.start(link(chain.back(), span)));
  wheel.run();
  CHECK(chain.back().cancel("down"));
  CHECK(chain.front().cancelling() == 1);
  CHECK(chain[5000].cancelling() == 1);
  wheel.run();
  for (const auto& each : chain) CHECK(each.cancelled());
  CHECK(span.bytes() < 4096);
}

TEST_CASE("a request in the middle of a chain reaches what is below it, and the waits above it end cancelled") {
  crank wheel;
  gate at;
  auto a = wheel.start(give_at(at, 1));
  auto b = wheel.start(relay(a));
  auto c = wheel.start(relay(b));
  wheel.run();
  b.cancel();
  wheel.run();
  CHECK(a.cancelled());
  CHECK(b.cancelled());
  CHECK(c.cancelled());
  CHECK(c.cancelling() == 0);
}

TEST_CASE("tasks that await each other in a circle can be cancelled, whatever the length") {
  for (std::size_t length = 2; length <= 9; ++length) {
    for (std::size_t tail = 0; tail <= 3; ++tail) {
      CAPTURE(length);
      CAPTURE(tail);
      crank wheel;
      std::vector<task<>> ring;
      std::vector<task<>*> boxes(length + tail, nullptr);
      ring.reserve(boxes.size());
      for (auto& box : boxes) ring.push_back(wheel.start(await_box(box)));
      // 0 -> 1 -> ... -> tail -> ... -> length + tail - 1 -> tail
      for (std::size_t i = 0; i < boxes.size(); ++i) boxes[i] = &ring[i + 1 < boxes.size() ? i + 1 : tail];
      wheel.run();
      CHECK(ring[0].cancel());
      wheel.run();
      for (const auto& each : ring) CHECK(each.cancelled());
    }
  }
}

TEST_CASE("a wait that was cancelled leaves the other task's list: its later end wakes nobody") {
  crank wheel;
  gate at, held;
  auto stubborn = [](gate& first, gate& second) -> coro<int> {
    try {
      co_await first.wait();
    } catch (const cancelled_error&) {
    }
    co_await second.wait();
    co_return 1;
  };
  auto inner = wheel.start(stubborn(at, held));
  std::string log;
  auto outer = wheel.start(watch(log, inner));
  wheel.run();
  outer.cancel();
  wheel.run();
  CHECK(log.empty());  // the inner one is still cleaning up
  held.open();
  wheel.run();
  CHECK(log == "v");
  CHECK(outer.done());
}

TEST_CASE("teardown: a pending task counts as cancelled, its frame goes, its waiters see it done") {
  tracked::reset();
  gate at;
  crank wheel;
  auto body = [](gate& closed, tracked) -> coro<> { co_await closed.wait(); };
  auto t = wheel.start(body(at, tracked(1)));
  auto never_ran = wheel.start(body(at, tracked(2)));
  wheel.turn();
  wheel.tear_down();
  CHECK(tracked::alive == 0);
  CHECK(t.done());
  CHECK(t.cancelled());
  CHECK(never_ran.cancelled());
  CHECK_FALSE(t.cancel());
  CHECK_THROWS_AS(t.result(), cancelled_error);
  at.open();  // nobody is left in its list
  CHECK(wheel.ready() == 0);
}

TEST_CASE("a task that awaits another can be destroyed in either order") {
  for (const bool inner_first : {true, false}) {
    gate at;
    crank wheel;
    if (inner_first) {
      auto inner = wheel.start(give_at(at, 1));
      static_cast<void>(wheel.start(relay(inner)));
    } else {
      task<>* box = nullptr;
      static_cast<void>(wheel.start(await_box(box)));
      auto inner = wheel.start(pass(at));
      box = &inner;
      wheel.run();
      wheel.tear_down();
      CHECK(inner.cancelled());
      continue;
    }
    wheel.run();
    wheel.tear_down();
    CHECK(wheel.blocks() == 0);
  }
}

TEST_CASE("callbacks of a task and tasks that await it take turns in the order in which they came (R13-R15)") {
  crank wheel;
  gate at;
  std::string log;
  auto t = wheel.start(give_at(at, 1));
  t.add_done_callback([&log](const task<int>& done) { log += done.result() == 1 ? '1' : '?'; });
  auto a = wheel.start(note_after(log, t, 'a'));
  wheel.run();
  t.add_done_callback([&log](const charkha::any_task& done) { log += done.name() == "Task-" ? '?' : '2'; });
  at.open();
  CHECK(wheel.turn());
  CHECK(t.done());
  CHECK(log.empty());
  t.add_done_callback([&log](const charkha::any_future&) { log += '3'; });
  wheel.run();
  CHECK(log == "1a23");
  CHECK(a.done());
}

TEST_CASE("callbacks hear of a task that is cancelled before it began and of one that is dropped by its handle") {
  crank wheel;
  gate at;
  std::string log;
  auto t = wheel.start(give_at(at, 1));
  t.add_done_callback([&log](const task<int>& done) { log += done.cancelled() ? 'c' : '?'; });
  t.cancel();
  t = {};
  wheel.run();
  CHECK(log == "c");
  wheel.start(give(2)).add_done_callback([&log](const task<int>& done) { log += done.result() == 2 ? 'v' : '?'; });
  wheel.run();
  CHECK(log == "cv");
  CHECK(wheel.blocks() == 0);
}

TEST_CASE("a callback may cancel other tasks and create new ones") {
  crank wheel;
  gate at;
  auto other = wheel.start(give_at(at, 1));
  auto t = wheel.start(give(1));
  int created = 0;
  t.add_done_callback([&](const task<int>&) {
    CHECK(other.cancel("by callback"));
    auto more = charkha::create_task(give(5));
    more.add_done_callback([&created](const task<int>& done) { created = done.result(); });
  });
  wheel.run();
  CHECK(other.cancelled());
  CHECK(created == 5);
}

TEST_CASE("wait_for turns the crank until the task has ended or there is nothing to do") {
  crank machine;
  auto value = []() -> coro<int> { co_return 2; };
  auto t = machine.start(value());
  CHECK(t.wait_for(std::chrono::seconds(1)));
  CHECK(t.result() == 2);
  charkha::test::gate closed;
  auto wait = [](charkha::test::gate& at) -> coro<> { co_await at.wait(); };
  auto waiting = machine.start(wait(closed));
  CHECK_FALSE(waiting.wait_for(std::chrono::hours(1)));
  closed.open();
  CHECK(waiting.wait_for(std::chrono::hours(1)));
}
