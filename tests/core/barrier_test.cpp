// SPDX-License-Identifier: Apache-2.0
// The barrier (asyncio's R70, R73), turned by hand.
#include "charkha/barrier.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"

using charkha::barrier;
using charkha::broken_barrier_error;
using charkha::coro;
using charkha::task;
using charkha::test::crank;

namespace {

coro<std::ptrdiff_t> pass(barrier& at) {
  const std::ptrdiff_t index = co_await at.wait();
  co_return index;
}
/// Logs letter and index, or the letter in capitals when the barrier is broken.
coro<> note(barrier& at, std::string& log, char letter) {
  try {
    const std::ptrdiff_t index = co_await at.wait();
    log += letter;
    log += std::to_string(index);
  } catch (const broken_barrier_error&) {
    log += static_cast<char>(letter - 'a' + 'A');
  }
}
std::vector<task<>> start(crank& wheel, barrier& at, std::string& log, const char* letters) {
  std::vector<task<>> tasks;
  for (const char* letter = letters; *letter != 0; ++letter) tasks.push_back(wheel.start(note(at, log, *letter)));
  return tasks;
}

}  // namespace

TEST_CASE("it needs a party") {
  CHECK_THROWS_AS(barrier(0), std::invalid_argument);
  CHECK_THROWS_AS(barrier(-1), std::invalid_argument);
  const barrier b(3);
  CHECK(b.parties() == 3);
  CHECK(b.n_waiting() == 0);
  CHECK_FALSE(b.broken());
}

TEST_CASE("one party never waits, round after round") {
  barrier b(1);
  crank wheel;
  for (int round = 0; round < 3; ++round) {
    auto t = wheel.start(pass(b));
    CHECK(wheel.run() == 1);
    CHECK(t.result() == 0);
  }
}

TEST_CASE("all wait for the last one, who goes on at once; the others follow in their order, each with its index") {
  barrier b(3);
  crank wheel;
  std::string log;
  auto tasks = start(wheel, b, log, "ab");
  wheel.run();
  CHECK(log.empty());
  CHECK(b.n_waiting() == 2);
  auto last = start(wheel, b, log, "c");
  CHECK(wheel.turn());
  CHECK(log == "c2");
  CHECK(b.n_waiting() == 0);
  wheel.run();
  CHECK(log == "c2a0b1");
}

TEST_CASE("who comes while a round drains takes part in the next one") {
  barrier b(2);
  crank wheel;
  std::string log;
  auto tasks = start(wheel, b, log, "abcd");
  for (int i = 0; i < 3; ++i) wheel.turn();  // a waits, b goes on, c comes while a is still inside
  CHECK(log == "b1");
  CHECK(b.n_waiting() == 0);
  wheel.run();
  CHECK(log == "b1a0d1c0");
  CHECK(b.n_waiting() == 0);
}

TEST_CASE("the same tasks, many rounds: each index once in each round") {
  barrier b(4);
  crank wheel;
  std::vector<std::vector<std::ptrdiff_t>> rounds(20);
  auto body = [](barrier& at, std::vector<std::vector<std::ptrdiff_t>>& seen) -> coro<> {
    for (auto& round : seen) {
      const std::ptrdiff_t index = co_await at.wait();
      round.push_back(index);
    }
  };
  std::vector<task<>> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(wheel.start(body(b, rounds)));
  wheel.run();
  for (auto& round : rounds) {
    std::sort(round.begin(), round.end());
    CHECK(round == std::vector<std::ptrdiff_t>{0, 1, 2, 3});
  }
}

TEST_CASE("a cancelled waiter leaves: the others need one more, and the indices are still 0 to n - 1") {
  barrier b(3);
  crank wheel;
  std::string log;
  auto tasks = start(wheel, b, log, "ab");
  wheel.run();
  tasks[0].cancel();
  wheel.run();
  CHECK(tasks[0].cancelled());
  CHECK(b.n_waiting() == 1);
  auto more = start(wheel, b, log, "c");
  wheel.run();
  CHECK(log.empty());
  auto last = start(wheel, b, log, "d");
  wheel.run();
  CHECK(log == "d2b0c1");
}

TEST_CASE("a waiter that is cancelled after the round was released still counts as one that left") {
  barrier b(2);
  crank wheel;
  std::string log;
  auto tasks = start(wheel, b, log, "ab");
  wheel.turn();
  wheel.turn();
  tasks[0].cancel();
  wheel.run();
  CHECK(tasks[0].cancelled());
  CHECK(log == "b1");
  auto next = start(wheel, b, log, "cd");
  wheel.run();
  CHECK(log == "b1d1c0");
}

TEST_CASE("abort() breaks it for those who wait and for those who come, until reset()") {
  barrier b(3);
  crank wheel;
  std::string log;
  auto tasks = start(wheel, b, log, "ab");
  wheel.run();
  b.abort();
  CHECK(b.broken());
  wheel.run();
  CHECK(log == "AB");
  auto late = start(wheel, b, log, "c");
  wheel.run();
  CHECK(log == "ABC");
  b.reset();
  CHECK_FALSE(b.broken());
  auto again = start(wheel, b, log, "def");
  wheel.run();
  CHECK(log == "ABCf2d0e1");
}

TEST_CASE("reset() of an idle barrier changes nothing; of one that fills it sends those inside away") {
  barrier b(2);
  crank wheel;
  std::string log;
  b.reset();
  auto tasks = start(wheel, b, log, "a");
  wheel.run();
  b.reset();
  auto late = start(wheel, b, log, "b");  // comes before a has left: waits outside
  wheel.run();
  CHECK(log == "A");
  CHECK(b.n_waiting() == 1);
  auto other = start(wheel, b, log, "c");
  wheel.run();
  CHECK(log == "Ac1b0");
}

TEST_CASE("while a round drains, reset() and abort() reach those who have not resumed and those who wait outside") {
  barrier b(3);
  crank wheel;
  std::string log;
  auto tasks = start(wheel, b, log, "abcde");
  for (int i = 0; i < 6; ++i) wheel.turn();  // c released it, d and e wait outside, a has gone on
  CHECK(log == "c2a0");
  SUBCASE("reset: b is sent away, d and e take part in the next round") {
    b.reset();
    wheel.run();
    CHECK(log == "c2a0B");
    CHECK(b.n_waiting() == 2);
    auto last = start(wheel, b, log, "f");
    wheel.run();
    CHECK(log == "c2a0Bf2d0e1");
  }
  SUBCASE("abort: all of them are sent away") {
    b.abort();
    wheel.run();
    CHECK(log == "c2a0BDE");
    CHECK(b.broken());
  }
}

TEST_CASE("abort, then reset before those inside have run: they are sent away, the barrier is whole again") {
  barrier b(2);
  crank wheel;
  std::string log;
  auto tasks = start(wheel, b, log, "a");
  wheel.run();
  b.abort();
  b.reset();
  CHECK_FALSE(b.broken());
  wheel.run();
  CHECK(log == "A");
  auto again = start(wheel, b, log, "bc");
  wheel.run();
  CHECK(log == "Ac1b0");
}

TEST_CASE("the frame of a waiter is destroyed: it counts as one that left") {
  barrier b(2);
  std::string log;
  {
    crank wheel;
    auto tasks = start(wheel, b, log, "a");
    wheel.run();
    CHECK(b.n_waiting() == 1);
  }
  CHECK(b.n_waiting() == 0);
}

TEST_CASE("another runtime's task may not wait (R73)") {
  barrier b(3);
  crank wheel, foreign;
  auto a = wheel.start(pass(b));
  wheel.run();
  auto other = foreign.start(pass(b));
  foreign.run();
  CHECK_THROWS_AS(other.result(), charkha::usage_error);
  CHECK(b.n_waiting() == 1);
}

TEST_CASE("cancel at every step: the count is right afterwards") {
  for (int step = 0; step < 20; ++step) {
    for (std::size_t victim = 0; victim < 6; ++victim) {
      CAPTURE(step);
      CAPTURE(victim);
      barrier b(2);
      crank wheel;
      std::string log;
      auto tasks = start(wheel, b, log, "abcdef");
      for (int i = 0; i < step; ++i) wheel.turn();
      tasks[victim].cancel();
      wheel.run();
      // Whoever is left alone gets a partner.
      auto partner = start(wheel, b, log, "p");
      wheel.run();
      const auto waiting = b.n_waiting();
      CHECK(waiting <= 1);
      b.abort();
      wheel.run();
      for (const auto& each : tasks) CHECK(each.done());
      CHECK(partner[0].done());
      b.reset();
      CHECK(b.n_waiting() == 0);
    }
  }
}

TEST_CASE("another runtime's task may not wait, and is not counted (R73)") {
  barrier b(3);
  crank wheel, foreign;
  std::string log;
  auto mine = start(wheel, b, log, "a");
  wheel.run();
  auto other = foreign.start(pass(b));
  foreign.run();
  CHECK_THROWS_AS(other.result(), charkha::usage_error);
  CHECK(b.n_waiting() == 1);
  auto rest = start(wheel, b, log, "bc");
  wheel.run();
  CHECK(log == "c2a0b1");
}

TEST_CASE("who need not wait may be of any runtime, as with a lock") {
  barrier b(2);
  crank wheel, foreign;
  std::string log;
  auto mine = start(wheel, b, log, "a");
  wheel.run();
  auto other = start(foreign, b, log, "z");
  foreign.run();
  wheel.run();
  CHECK(log == "z1a0");
}
