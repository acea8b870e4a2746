// SPDX-License-Identifier: Apache-2.0
// The lock (asyncio's R66, R73, R74), turned by hand.
#include "charkha/lock.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

using charkha::coro;
using charkha::lock;
using charkha::task;
using charkha::test::crank;
using charkha::test::gate;

namespace {

coro<> take(lock& of, std::string& log, char letter) {
  co_await of.acquire();
  log += letter;
}
coro<> work(lock& of, gate& until, std::string& log, char letter) {
  const auto held = co_await of.hold();
  log += letter;
  co_await until.wait();
}

}  // namespace

TEST_CASE("taken and released without suspending when nobody has it (R74)") {
  lock l;
  crank wheel;
  std::string log;
  CHECK_FALSE(l.locked());
  auto t = wheel.start(take(l, log, 'a'));
  CHECK(wheel.run() == 1);
  CHECK(l.locked());
  CHECK_FALSE(l.try_acquire());
  l.release();
  CHECK_FALSE(l.locked());
  CHECK(l.try_acquire());
  CHECK(l.locked());
}

TEST_CASE("releasing one that is not held is an error") {
  lock l;
  CHECK_THROWS_AS(l.release(), charkha::usage_error);
  CHECK(l.try_acquire());
  l.release();
  CHECK_THROWS_AS(l.release(), charkha::usage_error);
}

TEST_CASE("first come, first served: one for each release") {
  lock l;
  crank wheel;
  std::string log;
  CHECK(l.try_acquire());
  std::vector<task<>> tasks;
  for (const char letter : {'a', 'b', 'c'}) tasks.push_back(wheel.start(take(l, log, letter)));
  wheel.run();
  CHECK(log.empty());
  for (const char* expected : {"a", "ab", "abc"}) {
    l.release();
    CHECK(log.size() + 1 == std::string(expected).size());  // not on the releaser's stack
    wheel.run();
    CHECK(log == expected);
  }
  l.release();
  CHECK_FALSE(l.locked());
}

TEST_CASE("nobody barges in between the release and the next one's turn (R66)") {
  lock l;
  crank wheel;
  std::string log;
  CHECK(l.try_acquire());
  auto a = wheel.start(take(l, log, 'a'));
  wheel.run();
  l.release();
  CHECK_FALSE(l.try_acquire());
  auto late = wheel.start(take(l, log, 'l'));
  wheel.run();
  CHECK(log == "a");
  l.release();
  wheel.run();
  CHECK(log == "al");
}

TEST_CASE("a second release while the lock is on its way is an error, and takes it from nobody") {
  lock l;
  crank wheel;
  std::string log;
  CHECK(l.try_acquire());
  auto a = wheel.start(take(l, log, 'a'));
  auto b = wheel.start(take(l, log, 'b'));
  wheel.run();
  l.release();
  CHECK_THROWS_AS(l.release(), charkha::usage_error);
  wheel.run();
  CHECK(log == "a");
  l.release();
  wheel.run();
  CHECK(log == "ab");
}

TEST_CASE("hold() releases at the end of the scope, by whichever way it is left, or earlier") {
  lock l;
  gate until;
  crank wheel;
  std::string log;
  auto a = wheel.start(work(l, until, log, 'a'));
  auto b = wheel.start(take(l, log, 'b'));
  wheel.run();
  CHECK(log == "a");
  SUBCASE("by its end") { until.open(); }
  SUBCASE("by cancellation") { a.cancel(); }
  wheel.run();
  CHECK(log == "ab");

  lock m;
  auto early = [](lock& of) -> coro<bool> {
    auto held = co_await of.hold();
    held.release();
    co_return of.locked();
  };
  auto c = wheel.start(early(m));
  wheel.run();
  CHECK_FALSE(c.result());
  CHECK_FALSE(m.locked());
}

TEST_CASE("a guard may go to another task, which then releases the lock: it has no owner") {
  lock l;
  gate until;
  crank wheel;
  auto keep = [](charkha::guard<lock> held, gate& at) -> coro<> {
    const auto mine = std::move(held);
    co_await at.wait();
  };
  auto body = [](lock& of, gate& at, auto keeper) -> coro<> {
    auto held = co_await of.hold();
    auto other = charkha::create_task(keeper(std::move(held), at));
    co_await other;
  };
  auto t = wheel.start(body(l, until, keep));
  wheel.run();
  CHECK(l.locked());
  until.open();
  wheel.run();
  CHECK(t.done());
  CHECK_FALSE(l.locked());
}

TEST_CASE("a cancelled waiter leaves the line; if the lock was on its way to it, the next one gets it (R31)") {
  lock l;
  crank wheel;
  std::string log;
  CHECK(l.try_acquire());
  auto a = wheel.start(take(l, log, 'a'));
  auto b = wheel.start(take(l, log, 'b'));
  wheel.run();
  SUBCASE("cancelled, run, released") {
    a.cancel();
    wheel.run();
    l.release();
  }
  SUBCASE("cancelled, released") {
    a.cancel();
    l.release();
  }
  SUBCASE("released, cancelled") {
    l.release();
    a.cancel();
  }
  wheel.run();
  CHECK(a.cancelled());
  CHECK(log == "b");
  CHECK(l.locked());
}

TEST_CASE("torn down with a lock in one task's frame: those who wait leave it before any frame goes") {
  bool is_guarded = false;
  SUBCASE("held by a guard, which goes") { is_guarded = true; }
  SUBCASE("on its way to one of them") {}
  gate never;
  std::string log;
  crank wheel;
  lock* shared = nullptr;
  auto own = [](gate& until, lock*& address, bool guarded) -> coro<> {
    lock mine, other;
    const auto held = co_await mine.hold();
    co_await other.acquire();
    address = guarded ? &mine : &other;
    co_await until.wait();
  };
  auto take_both = [](lock& of, std::string& letters) -> coro<> {
    co_await charkha::when_all(take(of, letters, 'c'), take(of, letters, 'd'));
  };
  auto owner = wheel.start(own(never, shared, is_guarded));
  wheel.run();
  std::vector<task<>> waiting;
  waiting.push_back(wheel.start(take(*shared, log, 'a')));
  waiting.push_back(wheel.start(take(*shared, log, 'b')));
  waiting.push_back(wheel.start(take_both(*shared, log)));
  wheel.run();
  if (!is_guarded) shared->release();  // on its way to one of them
  wheel.tear_down();
  CHECK(log.empty());
  CHECK(owner.cancelled());
  for (const auto& each : waiting) CHECK(each.cancelled());
}

TEST_CASE("a lock on its way to a waiter is held by nobody, and nobody else can take or release it (R66)") {
  lock l;
  crank wheel;
  std::string log;
  CHECK(l.try_acquire());
  auto a = wheel.start(take(l, log, 'a'));
  wheel.run();
  l.release();
  CHECK_FALSE(l.locked());
  CHECK_FALSE(l.try_acquire());
  CHECK_THROWS_AS(l.release(), charkha::usage_error);
  wheel.run();
  CHECK(l.locked());
}

TEST_CASE("the last waiter is cancelled: the lock is free") {
  lock l;
  crank wheel;
  std::string log;
  CHECK(l.try_acquire());
  auto a = wheel.start(take(l, log, 'a'));
  wheel.run();
  SUBCASE("before the release") {
    a.cancel();
    l.release();
    CHECK_FALSE(l.locked());
  }
  SUBCASE("after the release") {
    l.release();
    a.cancel();
    CHECK_FALSE(l.try_acquire());
  }
  wheel.run();
  CHECK_FALSE(l.locked());
}

TEST_CASE("the frame of a waiter is destroyed: the lock does not stay with it") {
  lock l;
  std::string log;
  CHECK(l.try_acquire());
  {
    crank wheel;
    auto a = wheel.start(take(l, log, 'a'));
    auto b = wheel.start(take(l, log, 'b'));
    wheel.run();
    l.release();
  }
  CHECK(log.empty());
  CHECK_FALSE(l.locked());
}

TEST_CASE("another runtime's task may not wait (R73)") {
  lock l;
  crank wheel, foreign;
  std::string log;
  CHECK(l.try_acquire());
  auto a = wheel.start(take(l, log, 'a'));
  wheel.run();
  auto b = foreign.start(take(l, log, 'b'));
  foreign.run();
  CHECK_THROWS_AS(b.result(), charkha::usage_error);
  l.release();
  wheel.run();
  CHECK(log == "a");
}

TEST_CASE("cancel at every step: never two at a time, and the lock is free in the end") {
  for (int step = 0; step < 30; ++step) {
    for (std::size_t victim = 0; victim < 4; ++victim) {
      CAPTURE(step);
      CAPTURE(victim);
      lock l;
      crank wheel;
      int inside = 0;
      auto nothing = []() -> coro<> { co_return; };
      auto body = [](lock& of, int& count, auto turn) -> coro<> {
        for (int i = 0; i < 3; ++i) {
          const auto held = co_await of.hold();
          ++count;
          CHECK(count == 1);
          try {
            auto pause = charkha::create_task(turn());
            co_await pause;
          } catch (const charkha::cancelled_error&) {
            --count;
            throw;
          }
          --count;
        }
      };
      std::vector<task<>> tasks;
      for (int i = 0; i < 4; ++i) tasks.push_back(wheel.start(body(l, inside, nothing)));
      for (int i = 0; i < step; ++i) wheel.turn();
      tasks[victim].cancel();
      wheel.run();
      for (const auto& each : tasks) CHECK(each.done());
      CHECK_FALSE(l.locked());
    }
  }
}

TEST_CASE("a report says what a task waits for") {
  lock l;
  CHECK(l.acquire().describe() == "lock");
}
