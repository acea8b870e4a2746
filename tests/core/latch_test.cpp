// SPDX-License-Identifier: Apache-2.0
// The latch, turned by hand.
#include "charkha/latch.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"

using charkha::coro;
using charkha::latch;
using charkha::task;
using charkha::test::crank;

namespace {

coro<> pass(latch& at, std::string& log, char letter) {
  co_await at.wait();
  log += letter;
}
coro<> meet(latch& at, std::string& log, char letter) {
  co_await at.arrive_and_wait();
  log += letter;
}

}  // namespace

TEST_CASE("a count of zero holds nobody up; a negative one is refused") {
  latch none(0);
  crank wheel;
  CHECK(none.try_wait());
  std::string log;
  auto t = wheel.start(pass(none, log, 'a'));
  CHECK(wheel.run() == 1);
  CHECK(t.done());
  CHECK_THROWS_AS(latch(-1), std::invalid_argument);
}

TEST_CASE("those who wait go on in their order when the count is zero, not before") {
  latch l(3);
  crank wheel;
  std::string log;
  auto a = wheel.start(pass(l, log, 'a'));
  auto b = wheel.start(pass(l, log, 'b'));
  wheel.run();
  l.count_down();
  wheel.run();
  CHECK(log.empty());
  CHECK_FALSE(l.try_wait());
  l.count_down(2);
  CHECK(log.empty());
  wheel.run();
  CHECK(log == "ab");
  CHECK(l.try_wait());
}

TEST_CASE("counting below zero, or up, is an error that changes nothing") {
  latch l(2);
  CHECK_THROWS_AS(l.count_down(3), charkha::usage_error);
  CHECK_THROWS_AS(l.count_down(-1), charkha::usage_error);
  l.count_down(0);
  l.count_down(2);
  CHECK(l.try_wait());
  CHECK_THROWS_AS(l.count_down(), charkha::usage_error);
}

TEST_CASE("arrive_and_wait counts and waits; the last one does not suspend") {
  latch l(3);
  crank wheel;
  std::string log;
  std::vector<task<>> tasks;
  for (const char letter : {'a', 'b', 'c'}) tasks.push_back(wheel.start(meet(l, log, letter)));
  wheel.run();
  CHECK(log == "cab");
}

TEST_CASE("a cancelled wait leaves, also when the count has reached zero meanwhile (R31)") {
  latch l(1);
  crank wheel;
  std::string log;
  auto a = wheel.start(pass(l, log, 'a'));
  auto b = wheel.start(pass(l, log, 'b'));
  wheel.run();
  SUBCASE("before") {
    a.cancel();
    l.count_down();
  }
  SUBCASE("after") {
    l.count_down();
    a.cancel();
  }
  wheel.run();
  CHECK(a.cancelled());
  CHECK(log == "b");
}

TEST_CASE("another runtime's task may not wait (R73); frames of waiters may go") {
  latch l(1);
  std::string log;
  {
    crank wheel, foreign;
    auto a = wheel.start(pass(l, log, 'a'));
    wheel.run();
    auto b = foreign.start(pass(l, log, 'b'));
    foreign.run();
    CHECK_THROWS_AS(b.result(), charkha::usage_error);
  }
  l.count_down();
  CHECK(log.empty());
  CHECK(l.wait().describe() == "latch");
}
