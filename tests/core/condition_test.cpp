// SPDX-License-Identifier: Apache-2.0
// The condition (asyncio's R68, R73), turned by hand.
#include "charkha/condition.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"

using charkha::cancelled_error;
using charkha::condition;
using charkha::coro;
using charkha::lock;
using charkha::task;
using charkha::test::crank;

namespace {

/// Logs its letter when it was notified, in capitals when it was cancelled, each time with the lock held.
coro<> wait(condition& on, std::string& log, char letter) {
  const auto held = co_await on.hold();
  try {
    co_await on.wait();
    log += letter;
  } catch (const cancelled_error& e) {
    CHECK(on.locked());
    log += static_cast<char>(letter - 'a' + 'A');
    log += e.message();
    throw;
  }
}
std::vector<task<>> start(crank& wheel, condition& on, std::string& log, const char* letters) {
  std::vector<task<>> tasks;
  for (const char* letter = letters; *letter != 0; ++letter) tasks.push_back(wheel.start(wait(on, log, *letter)));
  wheel.run();
  return tasks;
}
void notify(condition& on, std::size_t count) {
  REQUIRE(on.try_acquire());
  on.notify(count);
  on.release();
}

}  // namespace

TEST_CASE("without the lock, wait and notify are errors") {
  condition c;
  crank wheel;
  CHECK_THROWS_AS(c.notify(), charkha::usage_error);
  CHECK_THROWS_AS(c.notify_all(), charkha::usage_error);
  auto body = [](condition& on) -> coro<> { co_await on.wait(); };
  auto t = wheel.start(body(c));
  wheel.run();
  CHECK_THROWS_AS(t.result(), charkha::usage_error);
  CHECK_FALSE(c.locked());
}

TEST_CASE("waiting releases the lock, and takes it again") {
  condition c;
  crank wheel;
  std::string log;
  auto tasks = start(wheel, c, log, "a");
  CHECK_FALSE(c.locked());
  REQUIRE(c.try_acquire());
  c.notify();
  wheel.run();
  CHECK(log.empty());
  c.release();
  wheel.run();
  CHECK(log == "a");
  CHECK_FALSE(c.locked());
}

TEST_CASE("those who wait are notified in the order in which they came, as many as are asked for") {
  condition c;
  crank wheel;
  std::string log;
  auto tasks = start(wheel, c, log, "abcdef");
  notify(c, 1);
  wheel.run();
  CHECK(log == "a");
  notify(c, 2);
  wheel.run();
  CHECK(log == "abc");
  notify(c, 0);
  wheel.run();
  CHECK(log == "abc");
  REQUIRE(c.try_acquire());
  c.notify_all();
  c.release();
  wheel.run();
  CHECK(log == "abcdef");
  notify(c, 10);  // nobody waits: it is not kept
  auto late = start(wheel, c, log, "g");
  CHECK(log == "abcdef");
}

TEST_CASE("a condition on a given lock is a condition on that lock") {
  lock l;
  condition c(l), d(l);
  crank wheel;
  std::string log;
  CHECK(l.try_acquire());
  CHECK(c.locked());
  CHECK(d.locked());
  c.release();
  CHECK_FALSE(l.locked());
  auto tasks = start(wheel, c, log, "a");
  auto others = start(wheel, d, log, "b");
  CHECK(l.try_acquire());
  d.notify_all();
  l.release();
  wheel.run();
  CHECK(log == "b");
}

TEST_CASE("a predicate that is true at once needs neither waiting nor the lock; else its value is given when it is") {
  condition c;
  crank wheel;
  int state = 1;
  auto body = [](condition& on, int& value) -> coro<int> {
    const auto current = [&value] { return value; };
    const int first = co_await on.wait(current);
    const auto held = co_await on.hold();
    value = 0;
    const int second = co_await on.wait(current);
    co_return first * 10 + second;
  };
  auto t = wheel.start(body(c, state));
  wheel.run();
  notify(c, 1);
  wheel.run();
  CHECK_FALSE(t.done());
  state = 7;
  notify(c, 1);
  wheel.run();
  CHECK(t.result() == 17);
  auto unlocked = [](condition& on) -> coro<> {
    const auto never = [] { return false; };
    co_await on.wait(never);
  };
  auto u = wheel.start(unlocked(c));
  wheel.run();
  CHECK_THROWS_AS(u.result(), charkha::usage_error);
}

TEST_CASE("a cancelled waiter takes the lock again before it goes on, and keeps its message (R68)") {
  condition c;
  crank wheel;
  std::string log;
  auto tasks = start(wheel, c, log, "a");
  SUBCASE("a free one") {
    tasks[0].cancel("m");
    wheel.run();
  }
  SUBCASE("a contended one") {
    REQUIRE(c.try_acquire());
    tasks[0].cancel("m");
    wheel.run();
    CHECK(log.empty());
    c.release();
    wheel.run();
  }
  CHECK(log == "Am");
  CHECK(tasks[0].cancelled());
  CHECK_FALSE(c.locked());
}

TEST_CASE("a request while the lock is being taken again does not stop that; it is thrown afterwards") {
  condition c;
  crank wheel;
  std::string log;
  auto tasks = start(wheel, c, log, "a");
  REQUIRE(c.try_acquire());
  SUBCASE("notified, then cancelled twice") {
    c.notify();
    wheel.run();
    tasks[0].cancel("1");
    wheel.run();
    tasks[0].cancel("2");
    wheel.run();
  }
  SUBCASE("cancelled twice") {
    tasks[0].cancel("1");
    wheel.run();
    tasks[0].cancel("2");
    wheel.run();
  }
  SUBCASE("cancelled with the lock on its way") {
    c.notify();
    wheel.run();
    c.release();
    tasks[0].cancel("2");
    wheel.run();
    CHECK(log == "A2");
    REQUIRE(c.try_acquire());
  }
  c.release();
  wheel.run();
  CHECK(log == "A2");
  CHECK(tasks[0].cancelled());
  CHECK_FALSE(c.locked());
}

TEST_CASE("a notification that meets a cancelled waiter goes on to another (R68)") {
  condition c;
  crank wheel;
  std::string log;
  auto tasks = start(wheel, c, log, "ab");
  SUBCASE("cancelled, then notified") {
    tasks[0].cancel();
    notify(c, 1);
  }
  SUBCASE("notified, then cancelled before it has run") {
    notify(c, 1);
    tasks[0].cancel();
  }
  SUBCASE("notified, then cancelled while it takes the lock again") {
    REQUIRE(c.try_acquire());
    c.notify();
    wheel.run();
    tasks[0].cancel();
    wheel.run();
    c.release();
  }
  wheel.run();
  CHECK(tasks[0].cancelled());
  CHECK(tasks[1].done());
  CHECK(log == "Ab");
}

TEST_CASE("a cancelled waiter notifies the next one, whether or not it was notified, as in CPython 3.13") {
  condition c;
  crank wheel;
  std::string log;
  auto tasks = start(wheel, c, log, "ab");
  tasks[0].cancel();
  wheel.run();
  CHECK(log == "Ab");
  CHECK_FALSE(c.locked());
}

TEST_CASE("the frame of a waiter is destroyed: it leaves the line") {
  condition c;
  std::string log;
  {
    crank wheel;
    auto tasks = start(wheel, c, log, "a");
  }
  notify(c, 1);
  CHECK(log.empty());
}

TEST_CASE("another runtime's task may not wait, and keeps the lock (R73)") {
  condition c;
  crank wheel, foreign;
  std::string log;
  auto tasks = start(wheel, c, log, "a");
  auto others = start(foreign, c, log, "b");
  CHECK_THROWS_AS(others[0].result(), charkha::usage_error);
  CHECK_FALSE(c.locked());  // its guard released it
}

TEST_CASE("cancel at every step of consumers and a producer: each notification is used once") {
  for (int step = 0; step < 30; ++step) {
    for (std::size_t victim = 0; victim < 3; ++victim) {
      CAPTURE(step);
      CAPTURE(victim);
      condition c;
      crank wheel;
      int state = 0, used = 0;
      auto consume = [](condition& on, int& available, int& count) -> coro<> {
        const auto held = co_await on.hold();
        const auto any = [&available] { return available > 0; };
        co_await on.wait(any);
        --available;
        ++count;
      };
      auto produce = [](condition& on, int& available) -> coro<> {
        for (int i = 0; i < 3; ++i) {
          const auto held = co_await on.hold();
          ++available;
          on.notify();
        }
      };
      std::vector<task<>> tasks;
      for (int i = 0; i < 3; ++i) tasks.push_back(wheel.start(consume(c, state, used)));
      auto producer = wheel.start(produce(c, state));
      for (int i = 0; i < step; ++i) wheel.turn();
      tasks[victim].cancel();
      wheel.run();
      CHECK(producer.done());
      for (const auto& each : tasks) CHECK(each.done());
      CHECK(used + state == 3);
      CHECK_FALSE(c.locked());
    }
  }
}
