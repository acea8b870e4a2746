// SPDX-License-Identifier: Apache-2.0
// The time that tasks live by.
#include "charkha/clock.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "charkha/run.hpp"
#include "charkha/simulation.hpp"
#include "charkha/sleep.hpp"

using charkha::coro;
using namespace std::chrono_literals;

namespace {

std::chrono::nanoseconds steady() { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace

TEST_CASE("outside a runtime and inside a real one it is the steady clock") {
  const auto before = steady();
  const auto here = charkha::clock::now().time_since_epoch();
  CHECK(here >= before);
  CHECK(steady() >= here);
  auto body = []() -> coro<charkha::clock::time_point> { co_return charkha::clock::now(); };
  const auto inside = charkha::run(body(), {.workers = 1}).time_since_epoch();
  CHECK(inside >= here);
  CHECK(steady() >= inside);
}

TEST_CASE("in a simulation it is virtual, outside of its tasks it is not") {
  charkha::simulation sim;
  auto body = []() -> coro<> {
    CHECK(charkha::clock::now().time_since_epoch() == 0ns);
    co_await charkha::sleep(5s);
    CHECK(charkha::clock::now().time_since_epoch() == 5s);
  };
  CHECK_NOTHROW(sim.run(body()));
  CHECK(sim.now().time_since_epoch() == 5s);
  const auto before = steady();
  CHECK(charkha::clock::now().time_since_epoch() >= before);
}

TEST_CASE("it is a clock as the standard library means it") {
  static_assert(charkha::clock::is_steady);
  static_assert(std::is_same_v<charkha::clock::time_point::duration, std::chrono::nanoseconds>);
  static_assert(std::is_same_v<charkha::clock::time_point::clock, charkha::clock>);
  const auto first = charkha::clock::now();
  const auto second = charkha::clock::now();
  CHECK(first <= second);
}
