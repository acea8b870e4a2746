// SPDX-License-Identifier: Apache-2.0
// Taking the results of several tasks in the order in which they end.
#include "charkha/as_completed.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/gate.hpp"
#include "support/outcome.hpp"
#include "support/report_log.hpp"
#include "support/tracked.hpp"
#include "support/until.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::any_future;
using charkha::as_completed;
using charkha::coro;
using charkha::create_future;
using charkha::create_task;
using charkha::future;
using charkha::report_kind;
using charkha::simulation;
using charkha::task;
using charkha::usage_error;
using charkha::test::gate;
using charkha::test::in_every_simulation;
using charkha::test::on_every_runtime;
using charkha::test::outcome_of;
using charkha::test::report_log;
using charkha::test::tracked;
using charkha::test::until;
using charkha::test::until_waits;
using charkha::test::without_reports_on_every_runtime;
using charkha::test::worker_counts;

using tasks = std::vector<task<int>>;
using values = std::vector<int>;

coro<int> sleep_and_give(std::chrono::milliseconds time, int value) {
  co_await charkha::sleep(time);
  co_return value;
}

/// What is left of it, by its handles.
template <class Handle>
coro<values> take_all(charkha::completions<Handle> from) {
  values taken;
  for (auto next = co_await from.next(); next; next = co_await from.next()) taken.push_back(next->result());
  co_return taken;
}

/// The outcome of one next().
template <class Handle>
coro<> take_one(charkha::completions<Handle> from) {
  static_cast<void>(co_await from.next());
}

}  // namespace

TEST_CASE("futures come in the order in which they are set, by handle and by value") {
  in_every_simulation([]() -> coro<> {
    std::vector<future<int>> futures;
    for (int i = 0; i < 4; ++i) futures.push_back(create_future<int>());
    auto handles = as_completed(futures);
    auto of_values = as_completed(futures);
    constexpr std::array order{2, 0, 3, 1};
    for (std::size_t i = 0; i < order.size(); ++i) {
      charkha::call_later(std::chrono::seconds(i),
                          [f = futures[static_cast<std::size_t>(order[i])], n = order[i]] { f.set_result(n); });
    }
    const values taken = co_await take_all(handles);
    CHECK(taken == values{2, 0, 3, 1});
    values seen;
    for (auto next : of_values) {
      const int value = co_await std::move(next);
      seen.push_back(value);
    }
    CHECK(seen == values{2, 0, 3, 1});
  });
}

TEST_CASE("nothing gives nothing, at once; with and without a time") {
  on_every_runtime([]() -> coro<> {
    for (const auto limit : {std::chrono::nanoseconds::max(), std::chrono::nanoseconds(0)}) {
      auto none = as_completed(tasks(), limit);
      CHECK(none.begin() == none.end());
      const auto next = co_await none.next();
      CHECK_FALSE(next.has_value());
    }
  });
}

TEST_CASE("what is done already comes first, in the order in which it was given") {
  on_every_runtime([]() -> coro<> {
    auto pending = create_future<int>();
    std::vector<future<int>> futures{pending};
    for (int i = 0; i < 3; ++i) {
      futures.push_back(create_future<int>());
      futures.back().set_result(i);
    }
    auto completions = as_completed(futures);
    values seen;
    for (int i = 0; i < 3; ++i) {
      const auto next = co_await completions.next();
      CHECK(next.value() != pending);
      seen.push_back(next->result());
    }
    std::ranges::sort(seen);  // their callbacks take turns on any worker
    CHECK(seen == values{0, 1, 2});
    pending.set_result(3);
    const auto last = co_await completions.next();
    CHECK(last.value() == pending);
  });
}

TEST_CASE("errors and cancellations come in their turn, and count as seen when they are awaited") {
  without_reports_on_every_runtime([]() -> coro<> {
    std::vector<future<int>> futures;
    for (int i = 0; i < 3; ++i) futures.push_back(create_future<int>());
    auto completions = as_completed(futures);
    auto nexts = std::vector<coro<int>>();
    for (auto next : completions) nexts.push_back(std::move(next));
    futures[1].set_exception(std::runtime_error("failed"));
    std::string outcome = co_await outcome_of(std::move(nexts[0]));
    CHECK(outcome == "failed");
    futures[2].cancel("child");
    outcome = co_await outcome_of(std::move(nexts[1]));
    CHECK(outcome == "cancelled(child)");
    CHECK(charkha::test::requests_here() == 0);
    futures[0].set_result(1);
    outcome = co_await outcome_of(std::move(nexts[2]));
    CHECK(outcome == "done");
  });
}

TEST_CASE("handles of any kind, coros, values that can only be moved") {
  on_every_runtime([]() -> coro<> {
    auto t = create_task(sleep_and_give(0ms, 1));
    auto f = create_future<>();
    f.set_result();
    const std::list<any_future> mixed{t, f};
    int ended = 0;
    auto completions = as_completed(mixed);
    for (auto next = co_await completions.next(); next; next = co_await completions.next()) ++ended;
    CHECK(ended == 2);

    auto make = [](int value) -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(value); };
    std::vector<coro<std::unique_ptr<int>>> makers;
    makers.push_back(make(3));
    makers.push_back(make(4));
    int sum = 0;
    for (auto next : as_completed(makers)) {
      const auto value = co_await std::move(next);
      sum += *value;
    }
    CHECK(sum == 7);
  });
}

TEST_CASE("the handles stay with whoever gave them; the same one several times counts once") {
  on_every_runtime([]() -> coro<> {
    tasks given{create_task(sleep_and_give(0ms, 1)), create_task(sleep_and_give(0ms, 2))};
    given.push_back(given[0]);
    values taken = co_await take_all(as_completed(given));
    std::ranges::sort(taken);
    CHECK(taken == values{1, 2});
    CHECK(given[0].result() == 1);
    CHECK(given[2] == given[0]);
  });
}

TEST_CASE("several tasks take from one: each result is given to exactly one of them") {
  on_every_runtime(
      []() -> coro<> {
        constexpr int count = 60;
        std::vector<coro<int>> work;
        for (int i = 0; i < count; ++i) work.push_back(sleep_and_give(std::chrono::milliseconds(i % 3), i));
        const auto completions = as_completed(work);
        std::vector<coro<values>> takers;
        for (int i = 0; i < 5; ++i) takers.push_back(take_all(completions));
        const auto parts = co_await charkha::gather(std::move(takers));
        values all;
        for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
        std::ranges::sort(all);
        CHECK(all.size() == count);
        CHECK(std::ranges::adjacent_find(all) == all.end());
      },
      5);
}

TEST_CASE("when the time is up everybody who still waits gets timeout_error, and no task is cancelled") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    const tasks three{create_task(sleep_and_give(10ms, 1)), create_task(sleep_and_give(200ms, 2)),
                      create_task(sleep_and_give(300ms, 3))};
    const auto completions = as_completed(three, 100ms);
    auto a = create_task(take_one(completions));
    auto b = create_task(take_one(completions));
    auto c = create_task(take_one(completions));
    std::vector<std::string> outcomes;
    for (const auto& each : {a, b, c}) {
      std::string outcome = co_await outcome_of(each);
      outcomes.push_back(std::move(outcome));
    }
    std::ranges::sort(outcomes);
    CHECK(outcomes == std::vector<std::string>{"done", "timed out", "timed out"});
    CHECK(charkha::clock::now() - before == 100ms);
    auto rest = completions;
    const auto none = co_await rest.next();
    CHECK_FALSE(none.has_value());
    const int second = co_await three[1];
    const int third = co_await three[2];
    CHECK(second + third == 5);
  });
}

TEST_CASE("time that passes between two results counts; zero leaves only what was done") {
  in_every_simulation([]() -> coro<> {
    const tasks two{create_task(sleep_and_give(10ms, 1)), create_task(sleep_and_give(1h, 2))};
    auto completions = as_completed(two, 50ms);
    const auto first = co_await completions.next();
    CHECK(first.value() == two[0]);
    co_await charkha::sleep(1s);
    std::string outcome = co_await outcome_of(take_one(completions));
    CHECK(outcome == "timed out");
    const auto none = co_await completions.next();
    CHECK_FALSE(none.has_value());
    auto at_once = as_completed(tasks{two[1]}, 0ns);
    outcome = co_await outcome_of(take_one(at_once));
    CHECK(outcome == "timed out");
    CHECK_FALSE(two[1].done());
  });
}

TEST_CASE("the last result and the deadline at once: each place is filled once") {
  in_every_simulation(
      []() -> coro<> {
        std::vector<coro<int>> work;
        for (int i = 0; i < 4; ++i) work.push_back(sleep_and_give(10ms, i));
        const auto completions = as_completed(work, 10ms);
        int given = 0;
        int late = 0;
        for (int i = 0; i < 4; ++i) {
          const std::string outcome = co_await outcome_of(take_one(completions));
          ++(outcome == "done" ? given : late);
        }
        CHECK(given + late == 4);
        auto rest = completions;
        const auto none = co_await rest.next();
        CHECK_FALSE(none.has_value());
        co_await charkha::sleep(1s);
      },
      100);
}

TEST_CASE("cancelling who waits leaves the tasks alone, and the result to the next") {
  on_every_runtime([]() -> coro<> {
    const std::vector<future<int>> one{create_future<int>()};
    const auto completions = as_completed(one);
    auto early = create_task(take_one(completions));
    co_await until_waits(early);
    early.cancel("outside");
    const std::string outcome = co_await outcome_of(early);
    CHECK(outcome == "cancelled(outside)");
    CHECK_FALSE(one[0].done());
    one[0].set_result(1);
    // Its place went with the one who was cancelled, as asyncio has it.
    auto rest = completions;
    const auto next = co_await rest.next();
    CHECK_FALSE(next.has_value());
    // Before it has begun.
    auto never = create_task(take_one(as_completed(one)));
    never.cancel();
    co_await until([&] { return never.done(); });
    CHECK(one[0].result() == 1);
  });
}

TEST_CASE("what is dropped half-way leaves nothing behind, and nobody is cancelled") {
  without_reports_on_every_runtime([]() -> coro<> {
    gate allowed;
    auto wait = [&](int value) -> coro<int> {
      co_await allowed.wait();
      co_return value;
    };
    const tasks two{create_task(wait(1)), create_task(wait(2))};
    {
      const auto unused = as_completed(two, 1h);
      for (auto next : as_completed(two, 1h)) {
        static_cast<void>(next);
        break;
      }
    }
    allowed.open();
    const int a = co_await two[0];
    const int b = co_await two[1];
    CHECK(a + b == 3);
  });
}

TEST_CASE("misuse is told: outside a runtime, tasks of another one, empty handles") {
  CHECK_THROWS_AS(static_cast<void>(as_completed(tasks())), usage_error);
  charkha::runtime other{{.workers = 1}};
  const std::vector<future<int>> foreign{other.create_future<int>()};
  on_every_runtime([&]() -> coro<> {
    CHECK_THROWS_AS(static_cast<void>(as_completed(foreign)), usage_error);
    CHECK_THROWS_AS(static_cast<void>(as_completed(tasks(1))), usage_error);
    co_return;
  });
  CHECK_FALSE(foreign[0].done());
}

TEST_CASE("a runtime that goes away while somebody waits takes everything with it") {
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    tracked::reset();
    report_log log;
    gate never;
    {
      simulation sim({.workers = workers, .reports = &log});
      auto stubborn = [&](tracked given) -> coro<int> {
        for (;;) {
          try {
            co_await never.wait();
          } catch (const charkha::cancelled_error&) {
            if (given.value == 0) throw;
          }
        }
      };
      auto program = [&]() -> coro<> {
        const tasks both{create_task(stubborn(tracked(1)), {.name = "stubborn"}),
                         create_task(stubborn(tracked(2)), {.name = "stubborn"})};
        auto waiter = create_task(take_one(as_completed(both, 1h)));
        co_await until_waits(waiter);
        co_await until_waits(both[0]);
        co_await until_waits(both[1]);
      };
      sim.run(program());
    }
    CHECK(tracked::alive == 0);
    CHECK(log.names(report_kind::destroyed_while_pending) == std::vector<std::string>{"stubborn", "stubborn"});
  }
}

TEST_CASE("a thousand tasks") {
  on_every_runtime(
      []() -> coro<> {
        std::vector<coro<int>> work;
        for (int i = 0; i < 1000; ++i) work.push_back(sleep_and_give(0ms, i));
        values seen;
        for (auto next : as_completed(work, 1h)) {
          const int value = co_await std::move(next);
          seen.push_back(value);
        }
        std::ranges::sort(seen);
        CHECK(seen.size() == 1000);
        CHECK(seen.front() == 0);
        CHECK(seen.back() == 999);
        CHECK(std::ranges::adjacent_find(seen) == seen.end());
      },
      2);
}
