// SPDX-License-Identifier: Apache-2.0
// The real scheduler under virtual time.
#include "charkha/simulation.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/gather.hpp"
#include "charkha/sleep.hpp"
#include "charkha/to_thread.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "charkha/yield.hpp"
#include "support/gate.hpp"
#include "support/report_log.hpp"
#include "support/seeds.hpp"
#include "support/tracked.hpp"

using charkha::coro;
using charkha::simulation;
using charkha::task;
using namespace std::chrono_literals;

namespace {

coro<int> give(int value) { co_return value; }
coro<> chatter(std::string& trace, char name, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    trace += name;
    co_await charkha::yield();
    co_await charkha::sleep(std::chrono::microseconds((name * 7 + i * 3) % 11));
  }
}
coro<> forks(std::string& trace, char name) {
  auto leaf = [](std::string& out, char letter) -> coro<> {
    out += letter;
    co_await charkha::yield();
    out += letter;
  };
  co_await charkha::when_all(leaf(trace, name), leaf(trace, name), leaf(trace, name));
}
coro<> program(std::string& trace) {
  std::vector<coro<>> all;
  for (const char name : {'a', 'b', 'c', 'd', 'e', 'f'}) all.push_back(chatter(trace, name, 8));
  all.push_back(forks(trace, 'x'));
  all.push_back(forks(trace, 'y'));
  co_await charkha::gather(std::move(all));
}
std::string trace_of(int workers, std::uint64_t seed, std::uint64_t& steps) {
  std::string trace;
  simulation sim{{.workers = workers, .seed = seed}};
  sim.run(program(trace));
  steps = sim.steps();
  return trace;
}

}  // namespace

TEST_CASE("it gives main's value or throws its error") {
  simulation sim;
  CHECK(sim.run(give(3)) == 3);
  auto fails = []() -> coro<> {
    throw std::runtime_error("boom");
    co_return;
  };
  CHECK_THROWS_WITH(sim.run(fails()), "boom");
  CHECK(sim.run(give(4)) == 4);
}

TEST_CASE("the same seed gives the same run, a hundred times") {
  for (const int workers : {1, 2, 4}) {
    for (const auto seed : charkha::test::seeds(3)) {
      CAPTURE(workers);
      CAPTURE(seed);
      std::uint64_t steps = 0;
      const auto trace = trace_of(workers, seed, steps);
      CHECK_FALSE(trace.empty());
      bool same = true;
      for (int i = 0; i < 100; ++i) {
        std::uint64_t again = 0;
        same = same && trace_of(workers, seed, again) == trace && again == steps;
      }
      CHECK(same);
    }
  }
}

// Another order of steps is another number: then see that both compilers agree on it, and write it here.
TEST_CASE("a hundred seeds give the runs that they gave on another machine, built by another compiler") {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325U;  // FNV-1a
  const auto add = [&](std::uint64_t value) { hash = (hash ^ value) * 0x100'0000'01b3U; };
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    std::uint64_t steps = 0;
    for (const char letter : trace_of(static_cast<int>(1 + seed % 4), seed, steps))
      add(static_cast<unsigned char>(letter));
    add(steps);
  }
  CHECK(hash == 0xe6bf'c652'2383'8b04U);
}

TEST_CASE("with several workers other seeds give other runs; what each task does is the same in all of them") {
  std::set<std::string> traces;
  std::multiset<char> letters;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    std::uint64_t steps = 0;
    const auto trace = trace_of(4, seed, steps);
    traces.insert(trace);
    const std::multiset<char> here(trace.begin(), trace.end());
    if (seed == 1) letters = here;
    CHECK(here == letters);
  }
  CHECK(traces.size() > 10);
}

TEST_CASE("with one worker the seed changes nothing") {
  std::uint64_t steps = 0, other = 0;
  CHECK(trace_of(1, 1, steps) == trace_of(1, 999, other));
  CHECK(steps == other);
}

TEST_CASE("time starts at zero, stands while something runs and jumps to the next timer") {
  for (const int workers : {1, 2, 4}) {
    CAPTURE(workers);
    simulation sim{{.workers = workers}};
    CHECK(sim.now().time_since_epoch() == 0ns);
    auto busy = []() -> coro<> {
      for (int i = 0; i < 1000; ++i) co_await charkha::yield();
    };
    sim.run(busy());
    CHECK(sim.now().time_since_epoch() == 0ns);
    auto sleeps = []() -> coro<> {
      const auto before = charkha::clock::now();
      co_await charkha::sleep(1h);
      CHECK(charkha::clock::now() - before == 1h);
    };
    sim.run(sleeps());
    CHECK(sim.now().time_since_epoch() == 1h);
    sim.run(sleeps());
    CHECK(sim.now().time_since_epoch() == 2h);  // time goes on
  }
}

TEST_CASE("sleepers wake in the order of their deadlines, whatever the seed") {
  for (const auto seed : charkha::test::seeds(50)) {
    CAPTURE(seed);
    simulation sim{{.workers = 3, .seed = seed}};
    std::string log;
    auto sleeper = [](std::chrono::seconds time, std::string& out, char letter) -> coro<> {
      co_await charkha::sleep(time);
      out += letter;
    };
    auto body = [](auto make, std::string& out) -> coro<> {
      co_await charkha::gather(make(3s, out, 'c'), make(1s, out, 'a'), make(2s, out, 'b'), make(100h, out, 'd'));
    };
    sim.run(body(sleeper, log));
    CHECK(log == "abcd");
    CHECK(sim.now().time_since_epoch() == 100h);
  }
}

TEST_CASE("a main that can never go on is an error that names the tasks that wait") {
  charkha::test::report_log log;
  for (const int workers : {1, 3}) {
    CAPTURE(workers);
    charkha::test::gate closed;
    simulation sim{{.workers = workers, .reports = &log}};
    auto waits = [](charkha::test::gate& at) -> coro<> { co_await at.wait(); };
    auto body = [](auto make, charkha::test::gate& at) -> coro<> {
      auto t = charkha::create_task(make(at), {.name = "the-one-that-waits"});
      co_await t;
    };
    try {
      sim.run(body(waits, closed));
      FAIL_CHECK("it must not return");
    } catch (const charkha::usage_error& e) {
      CHECK(std::string(e.what()).find("the-one-that-waits (gate)") != std::string::npos);
      CHECK(std::string(e.what()).find("Task-1 (task the-one-that-waits)") != std::string::npos);
    }
  }
}

TEST_CASE("when main has ended the others are cancelled and run to their end") {
  charkha::test::tracked::reset();
  charkha::test::report_log log;
  {
    simulation sim{{.workers = 2, .reports = &log}};
    std::string trace;
    auto background = [](std::string& out, charkha::test::tracked) -> coro<> {
      try {
        co_await charkha::sleep(1h);
      } catch (const charkha::cancelled_error&) {
        out += 'c';
      }
      co_await charkha::sleep(1s);
      out += 'd';
    };
    auto body = [](auto make, std::string& out) -> coro<> {
      static_cast<void>(charkha::create_task(make(out, charkha::test::tracked(1))));
      co_await charkha::sleep(1s);
    };
    sim.run(body(background, trace));
    CHECK(trace == "cd");
    CHECK(sim.now().time_since_epoch() == 2s);
    CHECK(charkha::test::tracked::alive == 0);
  }
  CHECK(log.count() == 0);
}

TEST_CASE("it is refused inside a task, and for numbers of workers that make no sense") {
  simulation sim;
  auto body = []() -> coro<> {
    simulation inner;
    CHECK_THROWS_AS(static_cast<void>(inner.run(give(1))), charkha::usage_error);
    co_return;
  };
  CHECK_NOTHROW(sim.run(body()));
  CHECK_THROWS_AS(simulation({.workers = 0}), std::invalid_argument);
  CHECK_THROWS_AS(simulation({.workers = -1}), std::invalid_argument);
  CHECK_THROWS_AS(simulation({.workers = 2000}), std::invalid_argument);
}

TEST_CASE("a cancel at every step of a program leaves nothing behind") {
  for (int step = 0; step < 40; ++step) {
    for (const auto seed : charkha::test::seeds(3)) {
      CAPTURE(step);
      CAPTURE(seed);
      charkha::test::tracked::reset();
      charkha::test::report_log log;
      {
        simulation sim{{.workers = 3, .seed = seed, .reports = &log}};
        auto leaf = [](charkha::test::tracked) -> coro<> {
          co_await charkha::sleep(3us);
          co_await charkha::yield();
          co_await charkha::sleep(2us);
        };
        auto middle = [](auto make) -> coro<> {
          co_await charkha::when_all(make(charkha::test::tracked(1)), make(charkha::test::tracked(2)));
          co_await charkha::gather(make(charkha::test::tracked(3)), make(charkha::test::tracked(4)));
        };
        auto body = [](auto outer, auto make, int when) -> coro<> {
          auto t = charkha::create_task(outer(make));
          for (int i = 0; i < when; ++i) co_await charkha::yield();
          const bool asked = t.cancel("now");
          try {
            co_await t;
            CHECK_FALSE(asked);
          } catch (const charkha::cancelled_error&) {
            CHECK(asked);
          }
        };
        sim.run(body(middle, leaf, step));
      }
      CHECK(charkha::test::tracked::alive == 0);
      CHECK(log.count() == 0);
    }
  }
}

namespace {

coro<> recreate(int& made, bool& begun, const bool& for_ever) {
  ++made;
  begun = true;
  try {
    co_await charkha::sleep(1h);
  } catch (const charkha::cancelled_error&) {
  }
  if (for_ever) static_cast<void>(charkha::create_task(recreate(made, begun, for_ever), {.name = "phoenix"}));
  for (int i = 0; i < 10; ++i) co_await charkha::yield();
}
coro<> spin(bool& begun) {
  begun = true;
  for (;;) co_await charkha::yield();
}
coro<> spin_through_requests(bool& begun) {
  for (;;) {
    try {
      co_await spin(begun);
    } catch (const charkha::cancelled_error&) {
    }
  }
}
coro<> sleep_through_requests(bool& begun) {
  begun = true;
  for (;;) {
    try {
      co_await charkha::sleep(1s);
    } catch (const charkha::cancelled_error&) {
    }
  }
}
coro<int> start_and_leave(coro<> child, const bool& begun) {
  static_cast<void>(charkha::create_task(std::move(child)));
  while (!begun) co_await charkha::yield();  // not asleep: time stands still while somebody spins
  co_return 1;
}

}  // namespace

TEST_CASE("tasks that are created anew for ever, or never stop, do not keep run from returning; they are reported") {
  for (const int workers : {1, 3}) {
    CAPTURE(workers);
    charkha::test::report_log log;
    int made = 0;
    const bool for_ever = true;
    bool recreating = false, spinning = false, sleeping = false;
    {
      simulation sim{{.workers = workers, .reports = &log}};
      CHECK(sim.run(start_and_leave(recreate(made, recreating, for_ever), recreating)) == 1);
      CHECK(made > 1000);
      CHECK(sim.now().time_since_epoch() < 1s);
    }
    CHECK(log.count(charkha::report_kind::destroyed_while_pending) >= 1);
    {
      simulation sim{{.workers = workers, .reports = &log}};
      CHECK(sim.run(start_and_leave(spin_through_requests(spinning), spinning)) == 1);
    }
    const auto before = log.count(charkha::report_kind::destroyed_while_pending);
    {
      simulation sim{{.workers = workers, .reports = &log, .shutdown_timeout = 5s}};
      CHECK(sim.run(start_and_leave(sleep_through_requests(sleeping), sleeping)) == 1);
      CHECK(sim.now().time_since_epoch() <= 5s);
      CHECK(sim.now().time_since_epoch() > 4s);
      CHECK(sim.run(give(2)) == 2);
    }
    CHECK(log.count(charkha::report_kind::destroyed_while_pending) == before + 1);
  }
}

TEST_CASE("a clean-up that takes its time, but not too much, ends") {
  charkha::test::report_log log;
  simulation sim{{.workers = 2, .reports = &log, .shutdown_timeout = 10s}};
  int steps = 0;
  bool started = false;
  auto slow_to_stop = [](int& count, bool& begun) -> coro<> {
    begun = true;
    try {
      co_await charkha::sleep(1h);
    } catch (const charkha::cancelled_error&) {
    }
    for (int i = 0; i < 9; ++i) {
      co_await charkha::sleep(1s);
      ++count;
    }
  };
  CHECK(sim.run(start_and_leave(slow_to_stop(steps, started), started)) == 1);
  CHECK(steps == 9);
  CHECK(log.count() == 0);
}

// ---- faults ----------------------------------------------------------------------------------------------------------

namespace {

std::string trace_with(int workers, std::uint64_t seed, const charkha::simulation_faults& faults) {
  std::string trace;
  simulation sim{{.workers = workers, .seed = seed, .faults = faults}};
  sim.run(program(trace));
  return trace;
}

}  // namespace

TEST_CASE("lost steals, spurious wake-ups and slow workers change the order of events, and nothing else") {
  const std::vector<charkha::simulation_faults> all{
      {.lost_steals = 300},
      {.spurious_wake_ups = 300},
      {.slow_workers = 300},
      {.lost_steals = 900, .spurious_wake_ups = 900, .slow_workers = 900}};
  for (const auto& faults : all) {
    bool other_order = false;
    for (const auto seed : charkha::test::seeds(100)) {
      CAPTURE(seed);
      const auto plain = trace_with(3, seed, {});
      const auto trace = trace_with(3, seed, faults);
      CHECK(std::multiset<char>(trace.begin(), trace.end()) == std::multiset<char>(plain.begin(), plain.end()));
      CHECK(trace_with(3, seed, faults) == trace);
      other_order = other_order || trace != plain;
    }
    CHECK(other_order);
  }
}

TEST_CASE("with one worker nobody steals, wakes it or is slower") {
  CHECK(trace_with(1, 1, {.lost_steals = 999, .spurious_wake_ups = 999, .slow_workers = 999}) == trace_with(1, 1, {}));
}

TEST_CASE("late timers: nobody wakes early, and nobody later than that") {
  bool late = false;
  for (const int workers : {1, 3}) {
    for (const auto seed : charkha::test::seeds(50)) {
      CAPTURE(workers);
      CAPTURE(seed);
      simulation sim{{.workers = workers, .seed = seed, .faults = {.late_timers = 5ms}}};
      auto sleeps = [](bool& any) -> coro<> {
        for (int i = 0; i < 10; ++i) {
          const auto before = charkha::clock::now();
          co_await charkha::sleep(20ms);
          const auto slept = charkha::clock::now() - before;
          CHECK(slept >= 20ms);
          CHECK(slept <= 25ms);
          any = any || slept > 20ms;
        }
      };
      sim.run(sleeps(late));
    }
  }
  CHECK(late);
}

TEST_CASE("a task that cannot be made is bad_alloc for whoever makes it; main can always be made") {
  int failed = 0, made = 0;
  for (const auto seed : charkha::test::seeds(50)) {
    CAPTURE(seed);
    charkha::test::tracked::reset();
    simulation sim{{.workers = 2, .seed = seed, .faults = {.failed_tasks = 400}}};
    auto child = [](charkha::test::tracked) -> coro<> { co_await charkha::yield(); };
    auto body = [](auto make, int& bad, int& good) -> coro<> {
      for (int i = 0; i < 20; ++i) {
        try {
          auto t = charkha::create_task(make(charkha::test::tracked(i)));
          co_await t;
          ++good;
        } catch (const std::bad_alloc&) {
          ++bad;
        }
      }
    };
    sim.run(body(child, failed, made));
    CHECK(charkha::test::tracked::alive == 0);
  }
  CHECK(failed > 0);
  CHECK(made > 0);
}

TEST_CASE("a thread that cannot be started is a system_error of to_thread, and the function is not called") {
  int failed = 0, called = 0;
  for (const auto seed : charkha::test::seeds(50)) {
    CAPTURE(seed);
    simulation sim{{.workers = 2, .seed = seed, .faults = {.failed_threads = 400}}};
    auto body = [](int& bad, int& good) -> coro<> {
      for (int i = 0; i < 20; ++i) {
        const int before = good;
        try {
          co_await charkha::to_thread([&good] { ++good; });
          CHECK(good == before + 1);
        } catch (const std::system_error& e) {
          CHECK(e.code() == std::errc::resource_unavailable_try_again);
          CHECK(good == before);
          ++bad;
        }
      }
    };
    sim.run(body(failed, called));
  }
  CHECK(failed > 0);
  CHECK(called > 0);
}

TEST_CASE("chances that are no chances are refused") {
  CHECK_THROWS_AS(simulation({.faults = {.lost_steals = -1}}), std::invalid_argument);
  CHECK_THROWS_AS(simulation({.faults = {.spurious_wake_ups = 1000}}), std::invalid_argument);
  CHECK_THROWS_AS(simulation({.faults = {.slow_workers = 5000}}), std::invalid_argument);
  CHECK_THROWS_AS(simulation({.faults = {.late_timers = -1ns}}), std::invalid_argument);
  CHECK_NOTHROW(simulation({.faults = {.failed_tasks = 999, .failed_threads = 999}}));
}
