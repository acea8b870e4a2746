// SPDX-License-Identifier: Apache-2.0
// Deadlines for a piece of a task (R44-R46).
#include "charkha/timeout.hpp"
#include "charkha/create_task.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "charkha/cancelled_error.hpp"
#include "charkha/gather.hpp"
#include "charkha/run.hpp"
#include "charkha/simulation.hpp"
#include "charkha/sleep.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "charkha/yield.hpp"
#include "support/hand_runtime.hpp"
#include "support/seeds.hpp"
#include "support/tracked.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::simulation;
using charkha::task;
using charkha::timeout;
using charkha::timeout_error;
using namespace std::chrono_literals;

namespace {

coro<int> after(std::chrono::nanoseconds time, int value) {
  co_await charkha::sleep(time);
  co_return value;
}

/// Runs the body under simulations with one and several workers, a few seeds each.
template <class Body>
void everywhere(Body body) {
  for (const int workers : {1, 3}) {
    for (const auto seed : charkha::test::seeds(5)) {
      CAPTURE(workers);
      CAPTURE(seed);
      simulation sim{{.workers = workers, .seed = seed}};
      CHECK_NOTHROW(sim.run(body()));
    }
  }
}

}  // namespace

TEST_CASE("a body that ends in time gives its value, of any kind, and disarms") {
  charkha::test::hand_runtime runtime(2);
  auto body = []() -> coro<> {
    auto quick = []() -> coro<int> { return after(1ms, 5); };
    const int value = co_await timeout(1s, quick);
    CHECK(value == 5);
    auto box = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(6); };
    const auto boxed = co_await timeout(1s, box);
    CHECK(*boxed == 6);
    auto nothing = []() -> coro<> { co_return; };
    co_await timeout(1s, nothing);
  };
  auto t = runtime.create_on(0, body());
  runtime.settle();
  CHECK(runtime.state().timers().armed() == 2);
  runtime.move_clock(1ms);
  runtime.settle();
  CHECK(t.done());
  CHECK_NOTHROW(t.result());
  CHECK(runtime.state().timers().armed() == 0);
}

TEST_CASE("at the deadline the body is cancelled, unwinds, and timeout_error comes out (R44)") {
  everywhere([]() -> coro<> {
    const auto start = charkha::clock::now();
    std::string log;
    auto slow = [&log]() -> coro<> {
      try {
        co_await charkha::sleep(1h);
      } catch (const cancelled_error&) {
        log += 'c';
        throw;
      }
    };
    try {
      co_await timeout(2s, slow);
    } catch (const timeout_error& e) {
      log += e.what();
    }
    CHECK(log == "ctimed out");
    CHECK(charkha::clock::now() - start == 2s);
    co_await charkha::sleep(1s);  // no request is left over
  });
}

TEST_CASE("the task's count of requests is what it was, before and after") {
  simulation sim;
  task<> self;
  auto body = [](task<>& me) -> coro<> {
    auto slow = []() -> coro<> { co_await charkha::sleep(1h); };
    bool expired = false;
    try {
      co_await timeout(1s, slow);
    } catch (const timeout_error&) {
      expired = true;
    }
    CHECK(expired);
    CHECK(me.cancelling() == 0);
  };
  auto outer = [](auto make, task<>& me) -> coro<> {
    me = charkha::create_task(make(me));
    co_await me;
  };
  CHECK_NOTHROW(sim.run(outer(body, self)));
  self = task<>();
}

TEST_CASE("zero, negative and past deadlines expire at the first suspension; a body without one ends (R46)") {
  everywhere([]() -> coro<> {
    for (const auto time : {0ns, -5ns, std::chrono::nanoseconds::min()}) {
      std::string log;
      auto suspends = [&log]() -> coro<> {
        log += '1';
        co_await charkha::sleep(1h);
        log += '2';
      };
      try {
        co_await timeout(time, suspends);
      } catch (const timeout_error&) {
        log += 't';
      }
      CHECK(log == "1t");
      auto ready = []() -> coro<int> { co_return 3; };
      const int value = co_await timeout(time, ready);
      CHECK(value == 3);
    }
    CHECK(charkha::clock::now().time_since_epoch() == 0ns);
  });
}

TEST_CASE("timeout_at counts from the clock's epoch") {
  everywhere([]() -> coro<> {
    const auto start = charkha::clock::now();
    bool expired = false;
    auto slow = []() -> coro<int> { return after(1h, 1); };
    try {
      co_await charkha::timeout_at(start + 3s, slow);
    } catch (const timeout_error&) {
      expired = true;
    }
    CHECK(expired);
    CHECK(charkha::clock::now() == start + 3s);
    auto quick = []() -> coro<int> { return after(1s, 7); };
    const int value = co_await charkha::timeout_at(charkha::clock::time_point::max(), quick);
    CHECK(value == 7);
  });
}

TEST_CASE("nested scopes: only the one whose deadline passed converts (R45)") {
  everywhere([]() -> coro<> {
    std::string log;
    auto slow = []() -> coro<> { co_await charkha::sleep(1h); };
    auto inner_first = [&log, slow]() -> coro<> {
      try {
        co_await timeout(1s, slow);
      } catch (const timeout_error&) {
        log += 'i';
      }
      co_await charkha::sleep(1s);
      log += '.';
    };
    co_await timeout(10s, inner_first);
    CHECK(log == "i.");
    log.clear();
    auto outer_first = [&log, slow]() -> coro<> {
      try {
        co_await timeout(10s, slow);
      } catch (const timeout_error&) {
        log += 'x';
      } catch (const cancelled_error&) {
        log += 'c';
        throw;
      }
    };
    try {
      co_await timeout(1s, outer_first);
    } catch (const timeout_error&) {
      log += 'o';
    }
    CHECK(log == "co");
  });
}

TEST_CASE("both deadlines at once: exactly one request is left for each scope, and none afterwards") {
  everywhere([]() -> coro<> {
    auto slow = []() -> coro<> { co_await charkha::sleep(1h); };
    auto inner = [slow]() -> coro<> { co_await timeout(1s, slow); };
    bool expired = false;
    try {
      co_await timeout(1s, inner);
    } catch (const timeout_error&) {
      expired = true;
    }
    CHECK(expired);
    co_await charkha::sleep(1s);
    co_await charkha::yield();
  });
}

TEST_CASE("a request from outside stays cancelled_error, also after the deadline of a scope (R45)") {
  everywhere([]() -> coro<> {
    std::string log;
    auto victim = [](std::string& out) -> coro<> {
      auto slow = []() -> coro<> { co_await charkha::sleep(1h); };
      try {
        co_await timeout(10s, slow);
      } catch (const timeout_error&) {
        out += 't';
      } catch (const cancelled_error& e) {
        out += e.message();
        throw;
      }
    };
    auto t = charkha::create_task(victim(log));
    co_await charkha::sleep(1s);
    t.cancel("outside");
    try {
      co_await t;
    } catch (const cancelled_error&) {
      log += '.';
    }
    CHECK(log == "outside.");
    CHECK(t.cancelled());
    CHECK(t.cancelling() == 1);
  });
}

TEST_CASE("a request from outside while the body unwinds from the deadline wins over the timeout") {
  everywhere([]() -> coro<> {
    std::string log;
    auto victim = [](std::string& out) -> coro<> {
      auto slow = [&out]() -> coro<> {
        try {
          co_await charkha::sleep(1h);
        } catch (const cancelled_error&) {
          out += '1';
        }
        co_await charkha::sleep(10s);  // clean-up that takes long
        out += 'x';
      };
      try {
        co_await timeout(1s, slow);
      } catch (const timeout_error&) {
        out += 't';
      } catch (const cancelled_error&) {
        out += 'c';
        throw;
      }
    };
    auto t = charkha::create_task(victim(log));
    co_await charkha::sleep(5s);
    t.cancel("outside");
    try {
      co_await t;
    } catch (const cancelled_error&) {
    }
    CHECK(log == "1c");
    CHECK(t.cancelled());
  });
}

TEST_CASE("a body that swallows the request and returns gives its value; one that throws, its error") {
  everywhere([]() -> coro<> {
    auto stubborn = []() -> coro<int> {
      try {
        co_await charkha::sleep(1h);
      } catch (const cancelled_error&) {
      }
      co_return 9;
    };
    const int value = co_await timeout(1s, stubborn);
    CHECK(value == 9);
    auto fails = []() -> coro<> {
      try {
        co_await charkha::sleep(1h);
      } catch (const cancelled_error&) {
        throw std::runtime_error("mine");
      }
    };
    std::string caught;
    try {
      co_await timeout(1s, fails);
    } catch (const std::runtime_error& e) {
      caught = e.what();
    }
    CHECK(caught == "mine");
    co_await charkha::sleep(1s);  // nothing is left over
  });
}

TEST_CASE("the body ends at the very instant of the deadline: one of the two, and nothing left over") {
  for (const int workers : {1, 2, 4}) {
    for (const auto seed : charkha::test::seeds(100)) {
      CAPTURE(workers);
      CAPTURE(seed);
      simulation sim{{.workers = workers, .seed = seed}};
      auto body = []() -> coro<> {
        for (int i = 0; i < 5; ++i) {
          int outcome = 0;
          auto exact = []() -> coro<int> { return after(1s, 1); };
          try {
            outcome = co_await timeout(1s, exact);
          } catch (const timeout_error&) {
            outcome = 2;
          }
          CHECK(outcome != 0);
          co_await charkha::sleep(1s);
          co_await charkha::yield();
        }
      };
      CHECK_NOTHROW(sim.run(body()));
    }
  }
}

TEST_CASE("a deadline reaches through awaits, gather and when_all") {
  everywhere([]() -> coro<> {
    charkha::test::tracked::reset();
    auto leaf = [](charkha::test::tracked) -> coro<> { co_await charkha::sleep(1h); };
    std::string log;
    auto in_when_all = [&leaf]() -> coro<> {
      co_await charkha::when_all(leaf(charkha::test::tracked(1)), leaf(charkha::test::tracked(2)));
    };
    auto in_gather = [&leaf]() -> coro<> {
      co_await charkha::gather(leaf(charkha::test::tracked(1)), leaf(charkha::test::tracked(2)));
    };
    auto in_task = [&leaf]() -> coro<> {
      auto t = charkha::create_task(leaf(charkha::test::tracked(3)));
      co_await t;
    };
    try {
      co_await timeout(1s, in_when_all);
    } catch (const timeout_error&) {
      log += 'w';
    }
    try {
      co_await timeout(1s, in_gather);
    } catch (const timeout_error&) {
      log += 'g';
    }
    try {
      co_await timeout(1s, in_task);
    } catch (const timeout_error&) {
      log += 't';
    }
    CHECK(log == "wgt");
    co_await charkha::yield();
    co_await charkha::yield();
    co_await charkha::yield();
    CHECK(charkha::test::tracked::alive == 0);
  });
}

TEST_CASE("captures live until the body has ended, then they go") {
  charkha::test::tracked::reset();
  everywhere([]() -> coro<> {
    {
      auto make = [] {
        return timeout(1s, [value = charkha::test::tracked(4)]() -> coro<int> {
          co_await charkha::sleep(1ms);
          co_return value.value;
        });
      };
      auto scope = make();
      const int value = co_await std::move(scope);
      CHECK(value == 4);
    }
    CHECK(charkha::test::tracked::alive == 0);
  });
}

TEST_CASE("a coro is a body, a callable may take the scope, and there may be no deadline") {
  everywhere([]() -> coro<> {
    const int one = co_await timeout(1s, after(1ms, 1));
    CHECK(one == 1);
    const int two = co_await charkha::timeout_at(charkha::clock::now() + 1s, after(1ms, 2));
    CHECK(two == 2);
    bool expired = false;
    try {
      co_await timeout(1ms, after(1s, 3));
    } catch (const timeout_error&) {
      expired = true;
    }
    CHECK(expired);
    auto moves = [](charkha::timeout_scope& scope) -> coro<int> {
      scope.reschedule(*scope.when() + 1h);
      return after(1min, 4);
    };
    const int four = co_await timeout(1s, moves);
    CHECK(four == 4);
    const int five = co_await timeout(std::nullopt, after(1h, 5));
    CHECK(five == 5);
    const int six = co_await charkha::timeout_at(std::nullopt, after(1h, 6));
    CHECK(six == 6);
  });
}

TEST_CASE("the error says what it was raised from") {
  everywhere([]() -> coro<> {
    bool nested = false;
    try {
      co_await timeout(1ms, after(1s, 3));
    } catch (const timeout_error& error) {
      try {
        std::rethrow_if_nested(error);
      } catch (const cancelled_error&) {
        nested = true;
      }
    }
    CHECK(nested);
  });
}

TEST_CASE("a request that was pending before the scope stays a cancellation") {
  everywhere([]() -> coro<> {
    auto victim = []() -> coro<> {
      charkha::detail::current_worker()->current->cancel("before");
      co_await timeout(0s, after(1h, 1));
    };
    auto t = charkha::create_task(victim());
    std::string caught;
    try {
      co_await t;
    } catch (const cancelled_error& error) {
      caught = error.message();
    }
    CHECK(caught == "before");
    CHECK(t.cancelling() == 1);
  });
}

TEST_CASE("misuse: outside a task, and durations that are no number") {
  auto nothing = []() -> coro<> { co_return; };
  CHECK_THROWS_AS(static_cast<void>(timeout(1s, nothing)), charkha::usage_error);
  auto body = [](auto make) -> coro<> {
    CHECK_THROWS_AS(
        static_cast<void>(timeout(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()), make)),
        std::invalid_argument);
    co_return;
  };
  simulation sim;
  CHECK_NOTHROW(sim.run(body(nothing)));
}

TEST_CASE("a hundred thousand timeouts that do not expire leave no timer") {
  charkha::test::hand_runtime runtime(1);
  auto body = []() -> coro<> {
    auto quick = []() -> coro<int> { co_return 1; };
    int sum = 0;
    for (int i = 0; i < 100'000; ++i) {
      const int value = co_await timeout(1h, quick);
      sum += value;
    }
    CHECK(sum == 100'000);
  };
  auto t = runtime.create_on(0, body());
  runtime.settle();
  CHECK(t.done());
  CHECK(runtime.state().timers().armed() == 0);
}

TEST_CASE("with threads: deadlines race completions, each await has one outcome") {
  auto body = []() -> coro<int> {
    auto contest = []() -> coro<int> {
      int outcomes = 0;
      for (int i = 0; i < 200; ++i) {
        auto quick = []() -> coro<int> { return after(20us, 1); };
        try {
          outcomes += co_await timeout(20us, quick);
        } catch (const timeout_error&) {
          ++outcomes;
        }
      }
      co_return outcomes;
    };
    const auto counts = co_await charkha::gather(contest(), contest(), contest(), contest());
    co_return std::get<0>(counts) + std::get<1>(counts) + std::get<2>(counts) + std::get<3>(counts);
  };
  for (const int workers : {1, 2, 4}) CHECK(charkha::run(body(), {.workers = workers}) == 800);
}

TEST_CASE("a deadline that passed without being noticed leaves no cancel request behind") {
  for (const int workers : {1, 2}) {
    CAPTURE(workers);
    charkha::simulation sim{{.workers = workers}};
    auto swallow_then_time_out = []() -> charkha::coro<bool> {
      try {
        co_await charkha::sleep(std::chrono::hours(1));
      } catch (const charkha::cancelled_error&) {
        // swallowed: cancelling() stays 1
      }
      co_await charkha::timeout(std::chrono::seconds(0), []() -> charkha::coro<> { co_return; });
      co_await charkha::yield();
      co_return true;
    };
    auto body = [&]() -> charkha::coro<bool> {
      auto t = charkha::create_task(swallow_then_time_out());
      co_await charkha::sleep(std::chrono::seconds(1));
      t.cancel();
      const bool through = co_await t;
      co_return through;
    };
    CHECK(sim.run(body()));
  }
}
