// SPDX-License-Identifier: Apache-2.0
// The worker's loop, stepped by hand: the order of a turn, its bounds, stealing, parking and waking.
#include "worker.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "charkha/call_soon.hpp"
#include "charkha/clock.hpp"
#include "charkha/future.hpp"
#include "charkha/sleep.hpp"
#include "charkha/timeout.hpp"
#include "charkha/timeout_error.hpp"
#include "charkha/when_all.hpp"
#include "charkha/yield.hpp"
#include "support/gate.hpp"
#include "support/hand_runtime.hpp"
#include "support/report_log.hpp"
#include "support/tracked.hpp"

using charkha::coro;
using charkha::task;
using charkha::detail::step_result;
using charkha::detail::worker;
using charkha::test::gate;
using charkha::test::hand_runtime;
using charkha::test::tracked;
using namespace std::chrono_literals;

namespace {

coro<> note(std::string& log, char letter) {
  log += letter;
  co_return;
}
coro<> note_twice(std::string& log, char letter) {
  log += letter;
  co_await charkha::yield();
  log += letter;
}
coro<> spin(const bool& stop, int& turns) {
  while (!stop) {
    ++turns;
    co_await charkha::yield();
  }
}
coro<> sleep_and_note(std::chrono::nanoseconds time, std::string& log, char letter) {
  co_await charkha::sleep(time);
  log += letter;
}
coro<> give_up_after(std::chrono::nanoseconds time) {
  auto nap = []() -> coro<> { co_await charkha::sleep(1h); };
  try {
    co_await charkha::timeout(time, nap());
  } catch (const charkha::timeout_error&) {
  }
}
coro<> read_clock() {
  static_cast<void>(charkha::clock::now());
  co_return;
}
coro<> set(bool& flag) {
  flag = true;
  co_return;
}
/// Two of these hand the turn to each other: number i waits for gate i-1 and opens gate i.
coro<> ping_pong(gate* gates, int first, int rounds, int& steps) {
  for (int i = first; i < rounds; i += 2) {
    co_await gates[i].wait();
    ++steps;
    gates[i + 1].open();
  }
}
coro<> count(int& counter) {
  ++counter;
  co_return;
}
coro<> fork_many(int children, int& counter) {
  std::vector<coro<>> many;
  for (int i = 0; i < children; ++i) many.push_back(count(counter));
  co_await charkha::when_all(std::move(many));
}
coro<> suspended_fork(gate& at, int children, int& counter) {
  std::vector<coro<>> many;
  auto child = [](gate& closed, int& number) -> coro<> {
    ++number;
    co_await closed.wait();
  };
  for (int i = 0; i < children; ++i) many.push_back(child(at, counter));
  co_await charkha::when_all(std::move(many));
}

}  // namespace

TEST_CASE("what was ready when a turn began runs first, in order; what becomes ready meanwhile runs in the next") {
  for (const std::size_t workers : {1U, 2U}) {
    CAPTURE(workers);
    hand_runtime runtime(workers);
    std::string log;
    std::vector<task<>> tasks;
    for (const char letter : {'a', 'b', 'c'}) tasks.push_back(runtime.create_on(0, note_twice(log, letter)));
    runtime.run();
    CHECK(log == "abcabc");
  }
}

TEST_CASE("an empty worker parks; a foreign task wakes it once and runs") {
  hand_runtime runtime(1);
  CHECK(runtime.run() == 0);
  CHECK(runtime.woken.empty());
  std::string log;
  auto a = runtime.spawn(note(log, 'a'));
  auto b = runtime.spawn(note(log, 'b'));
  CHECK(runtime.woken == std::vector<std::size_t>{0});  // he counts as searching until he finds something
  runtime.run();
  CHECK(log == "ab");
}

TEST_CASE("nobody is woken while nobody is parked") {
  hand_runtime runtime(4);
  std::string log;
  std::vector<task<>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(runtime.create_on(0, note(log, 'x')));
  runtime.run();
  CHECK(log.size() == 10);
  CHECK(runtime.woken.empty());
}

TEST_CASE("a created task wakes one parked worker, who is counted as searching until he finds it") {
  hand_runtime runtime(3);
  for (const std::size_t index : {1U, 2U}) CHECK(runtime.run(index) == 0);
  std::string log;
  std::vector<task<>> tasks;
  tasks.push_back(runtime.create_on(0, note(log, 'a')));
  tasks.push_back(runtime.create_on(0, note(log, 'b')));
  tasks.push_back(runtime.create_on(0, note(log, 'c')));
  CHECK(runtime.woken.size() == 1);
  const auto first = runtime.woken[0];
  CHECK(runtime.step(first) == step_result::ran);
  CHECK(log == "a");                 // the oldest
  CHECK(runtime.woken.size() == 2);  // the last searcher who finds work wakes another one
  CHECK(runtime.woken[1] != first);
  runtime.settle();
  std::sort(log.begin(), log.end());
  CHECK(log == "abc");
}

TEST_CASE("a thief takes half of the ready queue, the oldest first, and at most so many") {
  hand_runtime runtime(2);
  std::string log;
  std::vector<task<>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(runtime.create_on(0, note(log, static_cast<char>(i))));
  CHECK(runtime.step(1) == step_result::ran);
  CHECK(log == std::string(1, '\0'));
  std::size_t stolen = 1;
  while (runtime.worker(1).has_visible_work()) {
    CHECK(runtime.step(1) == step_result::ran);
    ++stolen;
  }
  CHECK(stolen == 1 + static_cast<std::size_t>(worker::steal_limit));
  for (std::size_t i = 0; i < stolen; ++i) CHECK(log[i] == static_cast<char>(i));
  runtime.run(0);
  CHECK(log.size() == 100);
}

TEST_CASE("a thief takes the oldest forked child: the last of its parent's children") {
  hand_runtime runtime(2);
  gate at;
  std::string log;
  auto child = [](std::string& out, char letter, gate& closed) -> coro<> {
    out += letter;
    co_await closed.wait();
  };
  auto body = [](auto make, std::string& out, gate& closed, hand_runtime& outside) -> coro<> {
    auto first = [](std::string& text, hand_runtime& rt) -> coro<> {
      text += 'a';
      // While this child runs, the other worker has a look.
      CHECK(rt.step(1) == step_result::ran);
      text += 'A';
      co_return;
    };
    co_await charkha::when_all(first(out, outside), make(out, 'b', closed), make(out, 'c', closed),
                               make(out, 'd', closed));
  };
  auto t = runtime.create_on(0, body(child, log, at, runtime));
  runtime.run(0);
  CHECK(log == "adAbc");
  at.open();
  runtime.settle();
  CHECK(t.done());
}

TEST_CASE("foreign work joins within a turn, however busy the worker is") {
  for (const std::size_t workers : {1U, 2U}) {
    CAPTURE(workers);
    hand_runtime runtime(workers);
    bool stop = false, ran = false;
    int turns = 0;
    std::vector<task<>> tasks;
    for (int i = 0; i < 200; ++i) tasks.push_back(runtime.create_on(0, spin(stop, turns)));
    for (int i = 0; i < 500; ++i) runtime.step();
    auto foreign = runtime.spawn(set(ran));
    int waited = 0;
    while (!ran && waited < 10'000) {
      runtime.step();
      ++waited;
    }
    // One worker: the turn that is under way and the whole next one. Several: a turn is cut.
    CHECK(waited <= (workers == 1 ? 401 : 200 + worker::turn_limit + 1));
    stop = true;
    runtime.run();
    CHECK(foreign.done());
  }
}

TEST_CASE("a due timer fires within a bounded number of items, however busy the worker is") {
  for (const std::size_t workers : {1U, 2U}) {
    CAPTURE(workers);
    hand_runtime runtime(workers);
    bool stop = false;
    int turns = 0;
    std::string log;
    auto sleeper = runtime.create_on(0, sleep_and_note(1ms, log, 's'));
    std::vector<task<>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(runtime.create_on(0, spin(stop, turns)));
    for (int i = 0; i < 300; ++i) runtime.step();
    CHECK(log.empty());
    runtime.move_clock(2ms);
    int waited = 0;
    while (log.empty() && waited < 10'000) {
      runtime.step();
      ++waited;
    }
    // The clock is read once in turn_limit items, at the start of a turn; then the sleeper waits for its own turns.
    CHECK(waited <= worker::turn_limit + 4 * 6);
    stop = true;
    runtime.run();
    CHECK(sleeper.done());
  }
}

TEST_CASE("fork work runs depth first, but ready work is not starved by it") {
  for (const std::size_t workers : {1U, 2U}) {
    CAPTURE(workers);
    hand_runtime runtime(workers);
    int children = 0;
    bool ran = false;
    int before = -1;
    auto probe = [](const int& counter, int& seen, bool& flag) -> coro<> {
      seen = counter;
      flag = true;
      co_return;
    };
    auto parent = runtime.create_on(0, fork_many(3000, children));
    auto ready = runtime.create_on(0, probe(children, before, ran));
    runtime.run();
    CHECK(ran);
    CHECK(parent.done());
    CHECK(children == 3000);
    CHECK(before > 1);  // depth first
    CHECK(before <= static_cast<int>(worker::fork_limit) + 1);
  }
}

TEST_CASE("time-outs that expired between two items give children of when_all no longer turn") {
  hand_runtime runtime(2);
  for (int i = 0; i < 10; ++i) {
    auto late = runtime.create_on(0, give_up_after(1ms));
    runtime.run();
    runtime.move_clock(2ms);
    runtime.run();
    CHECK(late.done());
  }
  int children = 0;
  int before = -1;
  auto probe = [](const int& counter, int& seen) -> coro<> {
    seen = counter;
    co_return;
  };
  auto parent = runtime.create_on(0, fork_many(3000, children));
  auto ready = runtime.create_on(0, probe(children, before));
  runtime.run();
  CHECK(parent.done());
  CHECK(ready.done());
  CHECK(before > 1);
  CHECK(before <= static_cast<int>(worker::fork_limit) + 1);
}

TEST_CASE("the time that an item has read serves a look after a few items, and no other") {
  constexpr auto look = [](int items) {
    hand_runtime runtime(1);
    std::string log;
    auto sleeper = runtime.create_on(0, sleep_and_note(1ms, log, 's'));
    runtime.step();
    std::vector<task<>> tasks;
    tasks.push_back(runtime.create_on(0, read_clock()));
    for (int i = 1; i < items; ++i) tasks.push_back(runtime.create_on(0, note(log, 'x')));
    runtime.step();
    runtime.move_clock(2ms);  // after the first item has read it
    for (int i = 1; i < items; ++i) runtime.step();
    auto next = runtime.create_on(0, note(log, 'x'));
    runtime.step();
    const bool collected = runtime.state().timers().armed() == 0;
    runtime.run();
    CHECK(sleeper.done());
    return collected;
  };
  CHECK_FALSE(look(worker::seen_limit - 1));
  CHECK(look(worker::seen_limit + 1));
}

TEST_CASE("a worker keeps some of what futures retained, whoever drops them, and gives it back at the end") {
  std::vector<charkha::future<int>> kept;
  {
    hand_runtime runtime(2);
    auto make = [](std::vector<charkha::future<int>>& into, std::size_t count) -> coro<> {
      while (into.size() < count) into.push_back(charkha::create_future<int>());
      co_return;
    };
    auto drop = [](std::vector<charkha::future<int>>& from, std::size_t count) -> coro<> {
      for (; count > 0; --count) from.pop_back();
      co_return;
    };
    constexpr std::size_t many = 5 * std::size_t{worker::most_spare};
    auto first = runtime.create_on(0, make(kept, many));
    runtime.run(0);
    auto second = runtime.create_on(0, drop(kept, 2 * std::size_t{worker::most_spare}));
    runtime.run(0);
    CHECK(runtime.worker(0).spare_retentions == worker::most_spare);
    auto third = runtime.create_on(1, drop(kept, worker::most_spare));
    runtime.run(1);
    CHECK(runtime.worker(0).spare_retentions == worker::most_spare);
    kept.resize(worker::most_spare, charkha::future<int>());
    auto again = runtime.create_on(0, make(kept, worker::most_spare + 10));
    runtime.run(0);
    CHECK(runtime.worker(0).spare_retentions == worker::most_spare - 10);
    CHECK(kept.size() == worker::most_spare + 10);
  }
  kept.clear();  // the last one frees the runtime
}

TEST_CASE("a ping-pong through the LIFO slot does not starve foreign work") {
  constexpr int rounds = 2000;
  const auto gates = std::make_unique<gate[]>(rounds + 1);
  hand_runtime runtime(2);
  int steps = 0;
  auto a = runtime.create_on(0, ping_pong(gates.get(), 0, rounds, steps));
  auto b = runtime.create_on(0, ping_pong(gates.get(), 1, rounds, steps));
  for (int i = 0; i < 2; ++i) runtime.step();
  charkha::detail::set_current_worker(&runtime.worker(0));
  gates[0].open();
  charkha::detail::set_current_worker(nullptr);
  for (int i = 0; i < 100; ++i) runtime.step();
  CHECK(steps > 50);
  bool ran = false;
  auto foreign = runtime.spawn(set(ran));
  int waited = 0;
  while (!ran && waited < 1000) {
    runtime.step();
    ++waited;
  }
  CHECK(waited <= static_cast<int>(worker::slot_limit) + 3);
  runtime.run();
  CHECK(a.done());
  CHECK(b.done());
  CHECK(foreign.done());
}

TEST_CASE("a woken task is not shown to others while its worker can take it next") {
  hand_runtime runtime(2);
  gate at;
  std::string log;
  auto waits = [](gate& closed, std::string& out) -> coro<> {
    co_await closed.wait();
    out += 'w';
  };
  auto opens = [](gate& closed, std::string& out) -> coro<> {
    out += 'o';
    closed.open();
    co_return;
  };
  auto w = runtime.create_on(0, waits(at, log));
  runtime.step();
  CHECK(runtime.run(1) == 0);
  const auto before = runtime.woken.size();
  auto o = runtime.create_on(0, opens(at, log));
  const auto for_created = runtime.woken.size();
  CHECK(for_created == before + 1);
  CHECK(runtime.step(0) == step_result::ran);
  CHECK(log == "o");
  CHECK_FALSE(runtime.worker(0).has_visible_work());
  CHECK(runtime.woken.size() == for_created);
  CHECK(runtime.step(0) == step_result::ran);
  CHECK(log == "ow");
  CHECK(w.done());
  CHECK(o.done());
}

TEST_CASE("the first to park keeps the timers: his park ends at the earliest deadline, and the sleeper runs") {
  hand_runtime runtime(2);
  std::string log;
  auto s = runtime.create_on(0, sleep_and_note(5ms, log, 's'));
  CHECK(runtime.run(0) == 1);
  CHECK(runtime.worker(0).park_deadline() == runtime.now() + 5'000'000);
  CHECK(runtime.run(1) == 0);
  CHECK(runtime.worker(1).park_deadline() == charkha::detail::timer_driver::never);
  runtime.move_clock(4ms);
  CHECK(runtime.run(0) == 0);
  CHECK(log.empty());
  runtime.move_clock(1ms);
  runtime.settle();
  CHECK(log == "s");
  CHECK(s.done());
  CHECK(runtime.state().timers().armed() == 0);
}

TEST_CASE("a timer that is earlier than the keeper's deadline wakes him, a later one does not") {
  hand_runtime runtime(2);
  std::string log;
  auto body = [](std::string& out) -> coro<> {
    auto later = charkha::create_task(sleep_and_note(20ms, out, 'l'));
    auto sooner = charkha::create_task(sleep_and_note(1ms, out, 's'));
    co_await later;
    co_await sooner;
  };
  auto far = runtime.create_on(1, sleep_and_note(10ms, log, 'f'));
  CHECK(runtime.run(1) == 1);
  CHECK(runtime.worker(1).park_deadline() == runtime.now() + 10'000'000);
  auto t = runtime.create_on(0, body(log));
  CHECK(runtime.step(0) == step_result::ran);
  CHECK(runtime.woken == std::vector<std::size_t>{1});  // for the new tasks; he counts as searching from here on
  runtime.woken.clear();
  while (!runtime.is_parked(1)) runtime.step(1);
  runtime.settle();
  // Whoever keeps the timers now sleeps until the earliest.
  CHECK(std::min(runtime.worker(0).park_deadline(), runtime.worker(1).park_deadline()) == runtime.now() + 1'000'000);
  for (const auto* expected : {"s", "sf", "sfl"}) {
    runtime.move_clock(std::string(expected) == "s" ? 1ms : std::string(expected) == "sf" ? 9ms : 10ms);
    runtime.settle();
    CHECK(log == expected);
  }
  CHECK(far.done());
  CHECK(t.done());
  CHECK(runtime.state().timers().armed() == 0);
}

TEST_CASE("arming on a busy worker wakes the keeper only for an earlier deadline") {
  hand_runtime runtime(2);
  std::string log;
  auto far = runtime.create_on(1, sleep_and_note(10ms, log, 'f'));
  runtime.run(1);
  REQUIRE(runtime.is_parked(1));
  CHECK(runtime.worker(1).park_deadline() == runtime.now() + 10'000'000);
  const auto arm_after = [&](std::chrono::nanoseconds time) {
    struct entry final : charkha::detail::timer_entry {
      entry() noexcept = default;
      [[nodiscard]] charkha::detail::ready_item* expire() noexcept override { return nullptr; }
    };
    auto e = std::make_unique<entry>();
    runtime.state().arm(runtime.worker(0), *e, runtime.now() + time.count());
    return e;
  };
  runtime.woken.clear();
  const auto later = arm_after(20ms);
  CHECK(runtime.woken.empty());
  const auto sooner = arm_after(5ms);
  CHECK(runtime.woken == std::vector<std::size_t>{1});
  charkha::detail::timer_driver::disarm(*later);
  charkha::detail::timer_driver::disarm(*sooner);
  runtime.settle();
  runtime.move_clock(10ms);
  runtime.settle();
  CHECK(far.done());
}

TEST_CASE("a look at the timers takes the time that the turn before has read, and is a turn late at most") {
  hand_runtime runtime(1);
  std::string log;
  auto reads = [](std::string& out) -> coro<> {
    charkha::call_later(1ms, [&out] { out += 't'; });  // reads the clock
    co_await charkha::yield();
    out += 'a';
    co_await charkha::yield();
    out += 'b';
    co_await charkha::yield();
    out += 'c';
  };
  auto t = runtime.create_on(0, reads(log));
  CHECK(runtime.step() == step_result::ran);
  runtime.move_clock(1ms);  // as if the step had taken so long: in asyncio's eyes it has not
  CHECK(runtime.step() == step_result::ran);
  CHECK(log == "a");
  runtime.run();
  CHECK(log == "abtc");
  CHECK(t.done());
}

TEST_CASE("a park that times out while a token is on its way goes on until the token comes") {
  hand_runtime runtime(1);
  CHECK(runtime.run() == 0);
  std::string log;
  auto t = runtime.spawn(note(log, 'a'));
  CHECK(runtime.woken.size() == 1);
  CHECK_FALSE(runtime.worker(0).unparked(false));
  CHECK(runtime.worker(0).park_deadline() == charkha::detail::timer_driver::never);
  runtime.run();
  CHECK(log == "a");
  CHECK(t.done());
}

TEST_CASE("a stopped worker runs nothing more; what it left is destroyed and reported with the runtime") {
  tracked::reset();
  std::string log;
  auto body = [](std::string& out, tracked) -> coro<> {
    out += 'x';
    co_return;
  };
  charkha::test::report_log reports;
  {
    hand_runtime runtime(2, &reports);
    auto queued = runtime.create_on(0, body(log, tracked(1)));
    auto injected = runtime.spawn(body(log, tracked(2)));
    runtime.state().stop();
    CHECK(runtime.woken.size() >= 2);
    CHECK(runtime.step(0) == step_result::stopped);
    CHECK(runtime.step(1) == step_result::stopped);
    CHECK(tracked::alive == 2);
  }
  CHECK(log.empty());
  CHECK(tracked::alive == 0);
  CHECK(reports.count() == 2);
  CHECK(reports.count(charkha::report_kind::destroyed_while_pending) == 2);
}

TEST_CASE("teardown in the middle of a fork, a sleep, a yield and a wait destroys everything once") {
  for (int steps = 0; steps < 12; ++steps) {
    CAPTURE(steps);
    tracked::reset();
    gate at;
    int counter = 0;
    std::string log;
    charkha::test::report_log reports;
    {
      hand_runtime runtime(2, &reports);
      auto holder = [](coro<> inner, tracked) -> coro<> { co_await std::move(inner); };
      std::vector<task<>> tasks;
      tasks.push_back(runtime.create_on(0, holder(suspended_fork(at, 5, counter), tracked(1))));
      tasks.push_back(runtime.create_on(0, holder(sleep_and_note(1h, log, 's'), tracked(2))));
      tasks.push_back(runtime.create_on(1, holder(note_twice(log, 'y'), tracked(3))));
      tasks.push_back(runtime.spawn(holder(note(log, 'n'), tracked(4))));
      for (int i = 0; i < steps; ++i) {
        static_cast<void>(runtime.step(static_cast<std::size_t>(i % 2)));
      }
      runtime.state().stop();
    }
    CHECK(tracked::alive == 0);
  }
}
