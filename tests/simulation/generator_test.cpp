// SPDX-License-Identifier: Apache-2.0
// Generators that change worker, in simulations and on threads.
#include "charkha/generator.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/report_log.hpp"

using charkha::coro;
using charkha::generator;
using charkha::task;
using charkha::test::in_every_simulation;
using charkha::test::on_every_runtime;
using charkha::test::on_every_thread_count;
using namespace std::chrono_literals;

namespace {

/// Counts the bodies that are alive, on any thread.
class alive {
 public:
  alive() noexcept { count.fetch_add(1, std::memory_order_relaxed); }
  alive(const alive&) noexcept : alive() {}
  alive& operator=(const alive&) = default;
  ~alive() { count.fetch_sub(1, std::memory_order_relaxed); }
  inline static std::atomic<int> count{0};
};

generator<int> count(int last, alive /*parameter*/) {
  const alive local;
  for (int i = 1; i <= last; ++i) {
    co_await charkha::yield();
    co_yield i;
    if (i % 3 == 0) co_await charkha::sleep(1us);
  }
}
generator<int> squares(generator<int> input) {
  const alive local;
  while (auto* item = co_await input.next()) {
    co_yield *item** item;
    co_await charkha::yield();
  }
}
coro<int> sum(generator<int> input) {
  int total = 0;
  while (auto* item = co_await input.next()) total += *item;
  co_return total;
}

}  // namespace

TEST_CASE("many pipelines side by side, stolen as it happens, each with all its items in order") {
  on_every_runtime([]() -> coro<> {
    std::vector<coro<int>> pipelines;
    for (int i = 0; i < 12; ++i) pipelines.push_back(sum(squares(squares(count(i, alive())))));
    const auto totals = co_await charkha::when_all(std::move(pipelines));
    int expected = 0;
    for (int i = 0; i < 12; ++i) {
      expected += i * i * i * i;
      CHECK(totals[static_cast<std::size_t>(i)] == expected);
    }
    CHECK(alive::count.load() == 0);
  });
}

TEST_CASE("a generator goes from task to task, and its body sees what the last one left") {
  auto take_after = [](std::optional<task<int>> before, generator<int>& from) -> coro<int> {
    int last = 0;
    if (before) last = co_await *before;
    auto* item = co_await from.next();
    co_return 10 * last + *item;
  };
  on_every_runtime([take_after]() -> coro<> {
    auto numbers = count(5, alive());
    std::optional<task<int>> previous;
    for (int i = 0; i < 5; ++i) previous = charkha::create_task(take_after(previous, numbers));
    const int digits = co_await *previous;
    CHECK(digits == 12345);
  });
}

TEST_CASE("of several tasks that ask at the same time, each gets an item or is refused") {
  static constexpr int tasks = 4;
  static constexpr int attempts = 200;
  struct shared {
    std::atomic<int> made{0};
    std::atomic<int> given{0};
    std::atomic<int> refused{0};
  };
  auto make = [](shared& counts) -> generator<int> {
    for (;;) {
      const int number = counts.made.fetch_add(1, std::memory_order_relaxed);
      co_yield number;
    }
  };
  auto ask = [](generator<int>& from, shared& counts) -> coro<> {
    for (int i = 0; i < attempts; ++i) {
      try {
        co_await from.next();
        counts.given.fetch_add(1, std::memory_order_relaxed);
      } catch (const charkha::usage_error&) {
        counts.refused.fetch_add(1, std::memory_order_relaxed);
      }
      if (i % 16 == 0) co_await charkha::yield();
    }
  };
  on_every_thread_count([make, ask]() -> coro<> {
    shared counts;
    auto numbers = make(counts);
    std::vector<task<>> all;
    for (int i = 0; i < tasks; ++i) all.push_back(charkha::create_task(ask(numbers, counts)));
    for (auto& each : all) co_await each;
    CHECK(counts.made.load() == counts.given.load());
    CHECK(counts.given.load() + counts.refused.load() == tasks * attempts);
    CHECK(counts.given.load() > 0);
  });
}

TEST_CASE("cancelled after every number of turns: the pipeline unwinds, and nothing is left") {
  for (int step = 0; step < 30; ++step) {
    CAPTURE(step);
    in_every_simulation(
        [step]() -> coro<> {
          auto pipeline = charkha::create_task(sum(squares(squares(count(4, alive())))));
          for (int i = 0; i < step; ++i) co_await charkha::yield();
          const bool asked = pipeline.cancel();
          bool cancelled = false;
          try {
            const int total = co_await pipeline;
            CHECK(total == 1 + 16 + 81 + 256);
          } catch (const charkha::cancelled_error&) {
            cancelled = true;
          }
          CHECK(cancelled == asked);
          CHECK(alive::count.load() == 0);
        },
        4);
  }
}

TEST_CASE("closed at every item, with a clean-up that awaits, while the task is being cancelled or not") {
  struct log {
    int cleaned = 0;
    int cut_short = 0;
  };
  auto careful = [](log& notes, alive) -> generator<int> {
    bool closed = false;
    try {
      for (int i = 0; i < 5; ++i) {
        co_yield i;
        co_await charkha::yield();
      }
    } catch (const charkha::generator_exit&) {
      closed = true;
    }
    if (!closed) co_return;
    try {
      co_await charkha::sleep(10us);
      ++notes.cleaned;
    } catch (const charkha::cancelled_error&) {
      ++notes.cut_short;
      throw;
    }
  };
  auto consume = [](generator<int>& from, int items) -> coro<> {
    for (int i = 0; i < items; ++i) co_await from.next();
    co_await from.close();
    const auto* after = co_await from.next();
    CHECK(after == nullptr);
  };
  for (int items = 0; items < 7; ++items) {
    for (const bool cancel : {false, true}) {
      CAPTURE(items);
      CAPTURE(cancel);
      in_every_simulation(
          [=]() -> coro<> {
            log notes;
            auto numbers = careful(notes, alive());
            auto consumer = charkha::create_task(consume(numbers, items));
            co_await charkha::sleep(5us);
            if (cancel) consumer.cancel();
            bool cancelled = false;
            try {
              co_await consumer;
            } catch (const charkha::cancelled_error&) {
              cancelled = true;
            }
            const bool cleaning = items >= 1 && items <= 5;  // fresh before, ended after
            CHECK(notes.cleaned == (cleaning && !cancel ? 1 : 0));
            CHECK(notes.cut_short == (cleaning && cancel ? 1 : 0));
            CHECK(cancelled == (cleaning && cancel));
            CHECK(alive::count.load() == 0);
          },
          4);
    }
  }
}

TEST_CASE("a runtime that is torn down with a consumer waiting inside leaves nothing") {
  auto stuck = [](alive) -> generator<int> {
    const alive local;
    for (;;) {
      try {
        co_await charkha::sleep(1h);
      } catch (const charkha::cancelled_error&) {  // NOLINT(bugprone-empty-catch): will not go
      }
    }
    co_yield 1;
  };
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    {
      charkha::test::report_log reports;
      charkha::runtime runtime{{.workers = workers, .reports = &reports}};
      for (int i = 0; i < 4; ++i) static_cast<void>(runtime.spawn(sum(squares(stuck(alive())))));
      static_cast<void>(runtime.shutdown(10ms));
    }
    CHECK(alive::count.load() == 0);
  }
}
