// SPDX-License-Identifier: Apache-2.0
// A thread that blocks and those that give it tokens: no token is lost, and what was written before it is seen after.
#include "parker.hpp"

#include <doctest/doctest.h>

#include "checker/atomic.hpp"
#include "checker/scenario.hpp"

using charkha::detail::parker;
using charkha::model::atomic;
using charkha::model::explore;
using charkha::model::scenario;

TEST_CASE("a token before, while or after its taker parks ends the park") {
  const auto found = explore({.name = "parker: one token"}, [](scenario& run) {
    auto& p = run.make<parker>();
    auto& cargo = run.make<int>(0);
    run.thread("unparker", [&] {
      cargo = 1;
      p.unpark();
    });
    run.check(p.park_until(parker::never), "by the token");
    run.check(cargo == 1, "what the unparker wrote is there");
    run.join();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("two tokens may be one, and then what both unparkers wrote is there") {
  const auto found = explore({.name = "parker: two unparkers"}, [](scenario& run) {
    auto& p = run.make<parker>();
    struct cargo {
      atomic<bool> sent{false};
      int weight = 0;
    };
    auto& first = run.make<cargo>();
    auto& second = run.make<cargo>();
    const auto send = [&](cargo& what) {
      what.weight = 1;
      what.sent.store(true, std::memory_order_relaxed);
      p.unpark();
    };
    run.thread("unparker", [&] { send(first); });
    run.thread("other unparker", [&] { send(second); });
    // As a worker: until it finds both, it parks. Relaxed, so that only the tokens order the cargo.
    int found_weight = 0;
    bool one = false, other = false;
    while (!one || !other) {
      run.check(p.park_until(parker::never), "by a token");
      if (!one && first.sent.load(std::memory_order_relaxed)) {
        one = true;
        found_weight += 1;
      }
      if (!other && second.sent.load(std::memory_order_relaxed)) {
        other = true;
        found_weight += 1;
      }
    }
    run.join();
    run.check(found_weight == 2, "both came");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("a park with a deadline ends by the token or by the deadline, and a late token is there for the next") {
  const auto found = explore({.name = "parker: token against deadline"}, [](scenario& run) {
    auto& p = run.make<parker>();
    auto& cargo = run.make<int>(0);
    run.thread("unparker", [&] {
      cargo = 1;
      p.unpark();
    });
    const bool in_time = p.park_until(1000);
    run.check(in_time || charkha::model::now() >= 1000, "not before its time");
    if (!in_time) run.check(p.park_until(parker::never), "the token still comes");
    run.check(cargo == 1, "what the unparker wrote is there");
    run.join();
    run.check(!p.has_token(), "one token, taken once");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
