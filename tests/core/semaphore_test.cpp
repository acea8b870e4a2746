// SPDX-License-Identifier: Apache-2.0
// The semaphore (asyncio's R69, R73, R74), turned by hand.
#include "charkha/semaphore.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

using charkha::coro;
using charkha::semaphore;
using charkha::task;
using charkha::test::crank;
using charkha::test::gate;

namespace {

coro<> take(semaphore& from, std::string& log, char letter) {
  co_await from.acquire();
  log += letter;
}
coro<> use(semaphore& from, gate& until, std::string& log, char letter) {
  const auto permit = co_await from.hold();
  log += letter;
  co_await until.wait();
}
/// How many permits are free; takes and returns them.
int free_permits(semaphore& of) {
  int count = 0;
  while (of.try_acquire()) ++count;
  if (count > 0) of.release(count);
  return count;
}

}  // namespace

TEST_CASE("permits are taken without suspending until there is none (R74)") {
  semaphore s(2);
  crank wheel;
  std::string log;
  auto a = wheel.start(take(s, log, 'a'));
  auto b = wheel.start(take(s, log, 'b'));
  auto c = wheel.start(take(s, log, 'c'));
  CHECK_FALSE(s.locked());
  CHECK(wheel.run() == 3);
  CHECK(log == "ab");
  CHECK(s.locked());
  CHECK_FALSE(c.done());
  s.release();
  CHECK(log == "ab");  // not on the releaser's stack
  wheel.run();
  CHECK(log == "abc");
  CHECK(s.locked());
}

TEST_CASE("a negative number of permits is refused, zero is not") {
  CHECK_THROWS_AS(semaphore(-1), std::invalid_argument);
  semaphore none(0);
  CHECK(none.locked());
  CHECK_FALSE(none.try_acquire());
  CHECK_THROWS_AS(none.release(-1), std::invalid_argument);
  none.release(0);
  CHECK(none.locked());
}

TEST_CASE("a plain semaphore takes more permits than it began with, but not without end") {
  semaphore s(1);
  s.release();
  s.release(3);
  CHECK(free_permits(s) == 5);
  CHECK_THROWS_AS(s.release(PTRDIFF_MAX), charkha::usage_error);
  CHECK(free_permits(s) == 5);
}

TEST_CASE("permits go to those who waited, in the order in which they came") {
  semaphore s(0);
  crank wheel;
  std::string log;
  std::vector<task<>> tasks;
  for (const char letter : {'a', 'b', 'c', 'd'}) tasks.push_back(wheel.start(take(s, log, letter)));
  wheel.run();
  s.release(2);
  wheel.run();
  CHECK(log == "ab");
  s.release();
  s.release();
  wheel.run();
  CHECK(log == "abcd");
}

TEST_CASE("nobody barges in: while a permit is on its way, a newcomer waits behind, whatever is there") {
  semaphore s(0);
  crank wheel;
  std::string log;
  auto a = wheel.start(take(s, log, 'a'));
  wheel.run();
  s.release(2);  // one for a, who has not run yet, and one that is free
  CHECK(s.locked());
  CHECK_FALSE(s.try_acquire());
  auto late = wheel.start(take(s, log, 'l'));
  wheel.run();
  CHECK(log == "al");
  CHECK(s.locked());
}

TEST_CASE("hold() returns its permit at the end of the scope, also when the scope is left by cancellation") {
  semaphore s(1);
  gate until;
  crank wheel;
  std::string log;
  auto a = wheel.start(use(s, until, log, 'a'));
  auto b = wheel.start(take(s, log, 'b'));
  wheel.run();
  CHECK(log == "a");
  SUBCASE("by its end") { until.open(); }
  SUBCASE("by cancellation") { a.cancel(); }
  wheel.run();
  CHECK(log == "ab");
}

TEST_CASE("a cancelled waiter leaves the line and takes no permit") {
  semaphore s(0);
  crank wheel;
  std::string log;
  auto a = wheel.start(take(s, log, 'a'));
  auto b = wheel.start(take(s, log, 'b'));
  wheel.run();
  a.cancel();
  SUBCASE("before the release") { wheel.run(); }
  SUBCASE("and the release comes before it has run") {}
  s.release();
  wheel.run();
  CHECK(a.cancelled());
  CHECK(log == "b");
  CHECK(s.locked());
}

TEST_CASE("a waiter that is cancelled with its permit in hand returns it: it goes on to the next (R31, R69)") {
  semaphore s(0);
  crank wheel;
  std::string log;
  auto a = wheel.start(take(s, log, 'a'));
  auto b = wheel.start(take(s, log, 'b'));
  wheel.run();
  s.release();
  a.cancel();
  wheel.run();
  CHECK(a.cancelled());
  CHECK(log == "b");
  SUBCASE("and is free if nobody waits") {
    auto c = wheel.start(take(s, log, 'c'));
    wheel.run();
    s.release();
    c.cancel();
    wheel.run();
    CHECK(c.cancelled());
    CHECK(free_permits(s) == 1);
  }
}

TEST_CASE("the frame of a waiter is destroyed: a permit that was on its way is free again") {
  semaphore s(0);
  std::string log;
  {
    crank wheel;
    auto a = wheel.start(take(s, log, 'a'));
    auto b = wheel.start(take(s, log, 'b'));
    wheel.run();
    s.release();
  }
  CHECK(log.empty());
  CHECK(free_permits(s) == 1);
}

TEST_CASE("another runtime's task may not wait (R73)") {
  semaphore s(0);
  crank wheel, foreign;
  std::string log;
  auto a = wheel.start(take(s, log, 'a'));
  wheel.run();
  auto b = foreign.start(take(s, log, 'b'));
  foreign.run();
  CHECK_THROWS_AS(b.result(), charkha::usage_error);
  s.release();
  wheel.run();
  CHECK(log == "a");
}

TEST_CASE("cancel at every step: permits are neither lost nor doubled") {
  for (int step = 0; step < 24; ++step) {
    for (std::size_t victim = 0; victim < 4; ++victim) {
      CAPTURE(step);
      CAPTURE(victim);
      semaphore s(2);
      crank wheel;
      auto body = [](semaphore& from) -> coro<> {
        for (int i = 0; i < 3; ++i) {
          const auto permit = co_await from.hold();
          gate open;
          auto pause = [](gate& at) -> coro<> { co_await at.wait(); };
          auto child = charkha::create_task(pause(open));  // a turn or two
          open.open();
          co_await child;
        }
      };
      std::vector<task<>> tasks;
      for (int i = 0; i < 4; ++i) tasks.push_back(wheel.start(body(s)));
      for (int i = 0; i < step; ++i) wheel.turn();
      tasks[victim].cancel();
      wheel.run();
      for (const auto& each : tasks) CHECK(each.done());
      CHECK(free_permits(s) == 2);
    }
  }
}

TEST_CASE("a report says what a task waits for") {
  semaphore s;
  CHECK(s.acquire().describe() == "semaphore");
}
