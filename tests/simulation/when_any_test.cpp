// SPDX-License-Identifier: Apache-2.0
// Races under virtual time and on threads: who wins, who is cancelled, and that nothing outlives its scope.
#include "charkha/when_any.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"

using charkha::coro;
using charkha::when_all;
using charkha::when_any;
using charkha::test::in_every_simulation;
using charkha::test::on_every_runtime;
using namespace std::chrono_literals;

namespace {

/// Counts the children that are running, on any thread.
class running {
 public:
  running() noexcept { count.fetch_add(1, std::memory_order_relaxed); }
  ~running() { count.fetch_sub(1, std::memory_order_relaxed); }
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  inline static std::atomic<int> count{0};
};

coro<int> after(std::chrono::microseconds time, int value) {
  const running here;
  co_await charkha::sleep(time);
  co_await charkha::yield();
  co_return value;
}
coro<int> fail_after(std::chrono::microseconds time) {
  const running here;
  co_await charkha::sleep(time);
  throw std::runtime_error("failed");
}
coro<int> busy(int turns, int value) {
  const running here;
  for (int i = 0; i < turns; ++i) co_await charkha::yield();
  co_return value;
}
coro<int> first_of(std::vector<coro<int>> bodies) {
  const auto first = co_await when_any(std::move(bodies));
  co_return first.value;
}

}  // namespace

TEST_CASE("the shortest sleep wins, wherever it stands") {
  for (int winner = 0; winner < 4; ++winner) {
    CAPTURE(winner);
    in_every_simulation([winner]() -> coro<> {
      const auto start = charkha::clock::now();
      std::vector<coro<int>> bodies;
      for (int i = 0; i < 4; ++i) {
        auto body = after(i == winner ? 1ms : 1h, i);
        bodies.push_back(std::move(body));
      }
      const auto first = co_await when_any(std::move(bodies));
      CHECK(first.index == static_cast<std::size_t>(winner));
      CHECK(first.value == winner);
      CHECK(charkha::clock::now() - start < 1s);  // virtual time: the others did not sleep to their end
      CHECK(running::count.load() == 0);
    });
  }
}

TEST_CASE("children that run side by side: exactly one wins, all have ended") {
  on_every_runtime([]() -> coro<> {
    for (int round = 0; round < 20; ++round) {
      std::vector<coro<int>> bodies;
      for (int i = 0; i < 8; ++i) bodies.push_back(busy(i % 3, i));
      const auto first = co_await when_any(std::move(bodies));
      CHECK(first.value == static_cast<int>(first.index));
      CHECK(running::count.load() == 0);
      const auto mixed = co_await when_any(busy(1, 1), busy(1, 2), busy(1, 3));
      CHECK(mixed.value.index() == mixed.index);
    }
  });
}

TEST_CASE("thrown from each child: the error does not decide while another may still win") {
  for (int failing = 0; failing < 3; ++failing) {
    CAPTURE(failing);
    in_every_simulation([failing]() -> coro<> {
      std::vector<coro<int>> bodies;
      for (int i = 0; i < 3; ++i) {
        auto body = i == failing ? fail_after(1us) : after(5us, i);
        bodies.push_back(std::move(body));
      }
      const auto first = co_await when_any(std::move(bodies));
      CHECK(first.index != static_cast<std::size_t>(failing));
      CHECK(running::count.load() == 0);
    });
  }
}

TEST_CASE("all fail at the same time, on several workers: every error comes out") {
  on_every_runtime([]() -> coro<> {
    std::vector<coro<int>> bodies;
    for (int i = 0; i < 8; ++i) bodies.push_back(fail_after(1us));
    std::size_t errors = 0;
    try {
      co_await when_any(std::move(bodies));
    } catch (const charkha::exception_group& group) {
      errors = group.for_each<std::runtime_error>([](const std::runtime_error&) {});
    }
    CHECK(errors == 8);
    CHECK(running::count.load() == 0);
  });
}

TEST_CASE("races of scopes of races, cancelled after every number of turns: a value or cancelled, never both") {
  auto deep = []() -> coro<int> {
    std::vector<coro<int>> inner, other;
    inner.push_back(busy(4, 1));
    inner.push_back(after(3us, 2));
    other.push_back(busy(3, 3));
    other.push_back(fail_after(2us));
    const auto both = co_await when_all(first_of(std::move(inner)), first_of(std::move(other)));
    co_return std::get<0>(both) + std::get<1>(both);
  };
  for (int step = 0; step < 24; ++step) {
    CAPTURE(step);
    in_every_simulation(
        [step, deep]() -> coro<> {
          std::vector<coro<int>> outer;
          outer.push_back(deep());
          outer.push_back(deep());
          outer.push_back(after(1h, 7));
          auto race = charkha::create_task(first_of(std::move(outer)));
          for (int i = 0; i < step; ++i) co_await charkha::yield();
          const bool asked = race.cancel();
          bool cancelled = false;
          try {
            const int value = co_await race;
            CHECK(value >= 4);
            CHECK(value <= 5);
          } catch (const charkha::cancelled_error&) {
            cancelled = true;
          } catch (const charkha::exception_group&) {
            CHECK(asked);  // a child failed while the others were being cancelled
            cancelled = true;
          }
          CHECK(cancelled == asked);
          CHECK(running::count.load() == 0);
        },
        6);
  }
}

TEST_CASE("a race against a sleep, in a loop, on every runtime") {
  on_every_runtime(
      []() -> coro<> {
        for (int i = 0; i < 50; ++i) {
          const auto first = co_await when_any(after(1h, 0), busy(2, i));
          CHECK(first.index == 1);
          CHECK(std::get<1>(first.value) == i);
        }
        CHECK(running::count.load() == 0);
      },
      5);
}
