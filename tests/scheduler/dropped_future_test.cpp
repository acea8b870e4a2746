// SPDX-License-Identifier: Apache-2.0
// Futures that nobody will complete any more: whoever waited for them and left keeps nothing alive.
#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <vector>

#include "charkha/charkha.hpp"
#include "charkha/simulation.hpp"
#include "support/tracked.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::coro;
using charkha::test::tracked;

/// A future that shows by a tracked value whether it is there.
charkha::future<int> watched_future() {
  auto made = charkha::create_future<int>();
  made.add_done_callback([there = tracked(1)](const charkha::any_future&) { static_cast<void>(there); });
  return made;
}

coro<> shielded() {
  const auto never = watched_future();
  try {
    co_await charkha::wait_for(charkha::shield(never), 1ms);
  } catch (const charkha::timeout_error&) {
  }
}
coro<> gathered() {
  const auto never = watched_future();
  const auto fails = charkha::create_future<int>();
  fails.set_exception(std::make_exception_ptr(std::runtime_error("bad")));
  try {
    co_await charkha::gather(fails, never);
  } catch (const std::runtime_error&) {
  }
}
coro<> waited() {
  const std::vector never{watched_future(), watched_future()};
  static_cast<void>(co_await charkha::wait(never, {.timeout = 1ms}));
}
coro<> waited_under_a_deadline() {
  const auto never = watched_future();
  try {
    static_cast<void>(co_await charkha::wait_for(never, 1ms));
  } catch (const charkha::timeout_error&) {
  }
}

}  // namespace

TEST_CASE("a future goes with its last handle, whoever had waited for it") {
  for (const int workers : {1, 2}) {
    for (const auto body : {shielded, gathered, waited, waited_under_a_deadline}) {
      CAPTURE(workers);
      tracked::reset();
      charkha::simulation simulation{{.workers = workers}};
      simulation.run(body());
      CHECK(tracked::alive == 0);
    }
  }
}

TEST_CASE("a runtime that is torn down while somebody waits for a future that nobody completes leaves nothing") {
  tracked::reset();
  {
    charkha::simulation simulation;
    const auto waits = []() -> coro<> {
      const auto never = watched_future();
      static_cast<void>(co_await charkha::shield(never));
    };
    CHECK_THROWS_AS(simulation.run(waits()), charkha::usage_error);
  }
  CHECK(tracked::alive == 0);
}
