// SPDX-License-Identifier: Apache-2.0
// Strands on real threads and under every schedule. What one thread can see is in core/strand_test.cpp.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/report_log.hpp"

using charkha::coro;
using charkha::strand;
using charkha::task;
using namespace std::chrono_literals;

namespace {

struct guarded {
  long count = 0;  // unguarded on purpose: the strand is the guard
  bool inside = false;
  bool overlap = false;
  void touch() {
    overlap = overlap || inside;
    inside = true;
    ++count;
    inside = false;
  }
};

coro<> bump(guarded& data, int times) {
  for (int i = 0; i < times; ++i) {
    data.touch();
    if (i % 3 == 0) co_await charkha::yield();
    if (i % 3 == 1) co_await charkha::sleep(1us);
  }
}

}  // namespace

TEST_CASE("the tasks of a strand never run at the same time: an unguarded counter comes out right") {
  charkha::test::on_every_runtime(
      []() -> coro<> {
        const strand on;
        guarded data;
        std::vector<task<>> tasks;
        for (int i = 0; i < 40; ++i) tasks.push_back(on.create_task(bump(data, 30)));
        for (auto& each : tasks) co_await each;
        CHECK(data.count == 40 * 30);
        CHECK_FALSE(data.overlap);
      },
      3);
}

TEST_CASE("every kind of wait inside a strand's task: gather, when_all, sleep, time-out, cancel") {
  charkha::test::on_every_runtime(
      []() -> coro<> {
        const strand on;
        guarded data;
        auto child = []() -> coro<int> {
          co_await charkha::sleep(2us);
          co_return 1;
        };
        auto waits = [](const strand& mine, guarded& shared, auto make) -> coro<int> {
          shared.touch();
          const auto both = co_await charkha::gather(make(), make());
          shared.touch();
          const auto forked = co_await charkha::when_all(make(), make());
          shared.touch();
          CHECK(mine.running_here());
          const auto forever = []() -> coro<> { co_await charkha::sleep(1h); };
          bool timed_out = false;
          try {
            co_await charkha::timeout(5us, forever);
          } catch (const charkha::timeout_error&) {
            timed_out = true;
          }
          shared.touch();
          CHECK(timed_out);
          CHECK(mine.running_here());
          const auto value = std::get<0>(both) + std::get<1>(forked);
          auto inner = mine.create_task(bump(shared, 3));
          co_await inner;
          shared.touch();
          try {
            charkha::current_task().cancel();
            co_await charkha::yield();
          } catch (const charkha::cancelled_error&) {
            shared.touch();
          }
          co_return value;
        };
        std::vector<task<int>> tasks;
        for (int i = 0; i < 20; ++i) tasks.push_back(on.create_task(waits(on, data, child)));
        int sum = 0;
        for (auto& each : tasks) {
          const int value = co_await each;
          sum += value;
        }
        CHECK(sum == 40);
        CHECK(data.count == 20 * 9);
        CHECK_FALSE(data.overlap);
      },
      3);
}

TEST_CASE("tasks of a strand that are cancelled from foreign threads, at any moment, end; the others run on") {
  for (const int workers : {1, 8}) {
    charkha::runtime rt{{.workers = workers}};
    const auto on = rt.create_strand();
    guarded data;
    std::vector<task<>> tasks;
    for (int i = 0; i < 200; ++i) tasks.push_back(rt.spawn(bump(data, 20), {.on = &on}));
    std::thread other([&] {
      for (std::size_t i = 0; i < tasks.size(); i += 3) tasks[i].cancel();
    });
    for (std::size_t i = 0; i < tasks.size(); i += 4) tasks[i].cancel();
    other.join();
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      try {
        tasks[i].get();
      } catch (const charkha::cancelled_error&) {
        CHECK((i % 3 == 0 || i % 4 == 0));
      }
    }
    auto look = [](guarded& shared) -> coro<bool> { co_return shared.overlap; };
    CHECK_FALSE(rt.spawn(look(data), {.on = &on}).get());
  }
}

TEST_CASE("five thousand tasks of a strand that are ready at once all run, and so do those beside it") {
  charkha::test::in_every_simulation(
      []() -> coro<> {
        const strand on;
        int ran = 0;
        auto step = [](int& count) -> coro<> {
          ++count;
          co_return;
        };
        int beside = 0;
        std::vector<task<>> tasks;
        for (int i = 0; i < 2500; ++i) tasks.push_back(on.create_task(step(ran)));
        tasks.push_back(charkha::create_task(step(beside)));
        for (int i = 0; i < 2500; ++i) tasks.push_back(on.create_task(step(ran)));
        for (auto& each : tasks) co_await each;
        CHECK(ran == 5000);
        CHECK(beside == 1);
      },
      3);
}

TEST_CASE(
    "first come, first served: tasks of a strand begin in the order of their creation, on any number of workers") {
  charkha::test::in_every_simulation(
      []() -> coro<> {
        const strand on;
        std::vector<int> order;
        auto note = [](std::vector<int>& out, int i) -> coro<> {
          out.push_back(i);
          co_return;
        };
        std::vector<task<>> tasks;
        for (int i = 0; i < 300; ++i) tasks.push_back(on.create_task(note(order, i)));
        for (auto& each : tasks) co_await each;
        bool sorted = order.size() == 300;
        for (std::size_t i = 0; i < order.size(); ++i) sorted = sorted && order[i] == static_cast<int>(i);
        CHECK(sorted);
      },
      10);
}

TEST_CASE("a runtime ends with tasks on strands in every state; strands outlive it") {
  charkha::test::report_log reports;
  std::vector<strand> kept;
  for (const int workers : {1, 4}) {
    charkha::runtime rt{{.workers = workers, .reports = &reports}};
    kept.push_back(rt.create_strand());
    auto stubborn = [](guarded& data) -> coro<> {
      for (;;) {
        data.touch();
        try {
          co_await charkha::sleep(1us);
        } catch (const charkha::cancelled_error&) {
        }
      }
    };
    guarded data;
    for (int i = 0; i < 50; ++i) static_cast<void>(rt.spawn(stubborn(data), {.on = &kept.back()}));
    const auto result = rt.shutdown(5ms);
    CHECK(result.unfinished.size() == 50);
    CHECK_FALSE(data.overlap);
  }
  CHECK(reports.count(charkha::report_kind::destroyed_while_pending) == 100);
}
