// SPDX-License-Identifier: Apache-2.0
// The event (asyncio's R67, R73, R74), turned by hand.
#include "charkha/event.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::event;
using charkha::task;
using charkha::test::crank;

namespace {

/// Logs its letter when the event has let it pass, in capitals when it was cancelled.
coro<> pass(event& at, std::string& log, char letter) {
  try {
    co_await at.wait();
    log += letter;
  } catch (const cancelled_error&) {
    log += static_cast<char>(letter - 'a' + 'A');
    throw;
  }
}

}  // namespace

TEST_CASE("it starts not set; set() and clear() change that, and may be repeated") {
  event e;
  CHECK_FALSE(e.is_set());
  e.set();
  e.set();
  CHECK(e.is_set());
  e.clear();
  e.clear();
  CHECK_FALSE(e.is_set());
}

TEST_CASE("a wait for a set event does not suspend (R74)") {
  event e;
  crank wheel;
  std::string log;
  e.set();
  auto t = wheel.start(pass(e, log, 'a'));
  CHECK(wheel.run() == 1);
  CHECK(t.done());
  CHECK(log == "a");
}

TEST_CASE("set() wakes all who wait, in the order in which they came, and none of them on the setter's stack") {
  event e;
  crank wheel;
  std::string log;
  std::vector<task<>> tasks;
  for (const char letter : {'a', 'b', 'c'}) tasks.push_back(wheel.start(pass(e, log, letter)));
  wheel.run();
  CHECK(log.empty());
  e.set();
  CHECK(log.empty());
  CHECK(wheel.ready() == 3);
  wheel.run();
  CHECK(log == "abc");
}

TEST_CASE("a clear() right behind the set() does not keep those who waited; the next one waits (R67)") {
  event e;
  crank wheel;
  std::string log;
  auto a = wheel.start(pass(e, log, 'a'));
  wheel.run();
  e.set();
  e.clear();
  auto b = wheel.start(pass(e, log, 'b'));
  wheel.run();
  CHECK(log == "a");
  CHECK_FALSE(b.done());
  e.set();
  wheel.run();
  CHECK(log == "ab");
}

TEST_CASE("a cancelled wait leaves, the others stay") {
  event e;
  crank wheel;
  std::string log;
  auto a = wheel.start(pass(e, log, 'a'));
  auto b = wheel.start(pass(e, log, 'b'));
  auto c = wheel.start(pass(e, log, 'c'));
  wheel.run();
  b.cancel("enough");
  SUBCASE("before anything else happens") { wheel.run(); }
  SUBCASE("and the set() comes before it has run") {}
  e.set();
  wheel.run();
  CHECK(b.cancelled());
  CHECK(a.done());
  CHECK(c.done());
  CHECK(log.find('B') != std::string::npos);
  CHECK(log.find("b") == std::string::npos);
}

TEST_CASE("a cancel request between set() and the resumption wins (R31)") {
  event e;
  crank wheel;
  std::string log;
  auto a = wheel.start(pass(e, log, 'a'));
  wheel.run();
  e.set();
  a.cancel();
  wheel.run();
  CHECK(a.cancelled());
  CHECK(log == "A");
}

TEST_CASE("a task may wait again, and wait for one event after another") {
  event first, second;
  crank wheel;
  int rounds = 0;
  auto body = [](event& a, event& b, int& count) -> coro<> {
    for (int i = 0; i < 3; ++i) {
      co_await a.wait();
      a.clear();
      b.set();
      ++count;
    }
  };
  auto reply = [](event& a, event& b) -> coro<> {
    for (int i = 0; i < 3; ++i) {
      a.set();
      co_await b.wait();
      b.clear();
    }
  };
  auto t = wheel.start(body(first, second, rounds));
  auto u = wheel.start(reply(first, second));
  wheel.run();
  CHECK(t.done());
  CHECK(u.done());
  CHECK(rounds == 3);
}

TEST_CASE("it belongs to the runtime whose task waited first; another one's task is refused (R73)") {
  event e;
  crank wheel, foreign;
  std::string log;
  auto a = wheel.start(pass(e, log, 'a'));
  wheel.run();
  auto b = foreign.start(pass(e, log, 'b'));
  foreign.run();
  CHECK_THROWS_AS(b.result(), charkha::usage_error);
  e.set();  // from whatever thread
  wheel.run();
  CHECK(log == "a");
  auto c = foreign.start(pass(e, log, 'c'));  // need not wait: nothing to refuse
  foreign.run();
  CHECK(log == "ac");
}

TEST_CASE("a report says what a task waits for") {
  event e;
  const auto wait = e.wait();
  CHECK(wait.describe() == "event");
}

TEST_CASE("a wait that is dropped unawaited does nothing") {
  event e;
  static_cast<void>(e.wait());
  e.set();
  CHECK(e.is_set());
}

TEST_CASE("the frame of a waiting task is destroyed: it leaves the line") {
  event e;
  std::string log;
  {
    crank wheel;
    auto t = wheel.start(pass(e, log, 'a'));
    wheel.run();
  }
  e.set();
  CHECK(log.empty());
}

TEST_CASE("the event goes first: those who wait can still be cancelled, or destroyed") {
  std::string log;
  crank wheel;
  auto e = std::make_unique<event>();
  auto a = wheel.start(pass(*e, log, 'a'));
  auto b = wheel.start(pass(*e, log, 'b'));
  wheel.run();
  e.reset();
  a.cancel();
  wheel.run();
  CHECK(a.cancelled());
  CHECK_FALSE(b.done());
}

TEST_CASE("cancel at every step of two who wait and one who sets: everybody ends") {
  for (int step = 0; step < 10; ++step) {
    for (int victim = 0; victim < 3; ++victim) {
      CAPTURE(step);
      CAPTURE(victim);
      event e;
      crank wheel;
      std::string log;
      auto setter = [](event& at) -> coro<> {
        at.set();
        co_return;
      };
      std::vector<task<>> tasks;
      tasks.push_back(wheel.start(pass(e, log, 'a')));
      tasks.push_back(wheel.start(pass(e, log, 'b')));
      tasks.push_back(wheel.start(setter(e)));
      for (int i = 0; i < step; ++i) wheel.turn();
      const bool asked = tasks[static_cast<std::size_t>(victim)].cancel();
      wheel.run();
      if (!e.is_set()) e.set();
      wheel.run();
      for (const auto& each : tasks) CHECK(each.done());
      CHECK(tasks[static_cast<std::size_t>(victim)].cancelled() == asked);
    }
  }
}

TEST_CASE("a thousand who wait") {
  event e;
  crank wheel;
  int passed = 0;
  auto body = [](event& at, int& count) -> coro<> {
    co_await at.wait();
    ++count;
  };
  std::vector<task<>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(wheel.start(body(e, passed)));
  wheel.run();
  e.set();
  wheel.run();
  CHECK(passed == 1000);
}
