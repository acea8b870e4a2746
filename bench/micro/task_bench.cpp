// SPDX-License-Identifier: Apache-2.0
// Regression probes for whole operations of a task on one worker: what a user pays for each.
#include <benchmark/benchmark.h>

#include <charkha/charkha.hpp>
#include <chrono>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

charkha::coro<int> one() { co_return 1; }
charkha::coro<> yield_once() { co_await charkha::yield(); }

/// Runs `operation` for the benchmark's count inside one task.
template <class Operation>
void in_a_task(benchmark::State& state, Operation operation) {
  auto body = [&]() -> charkha::coro<> {
    for (auto _ : state) co_await operation();
  };
  auto call = [&]() -> charkha::coro<> { return body(); };
  charkha::run(call(), {.workers = 1});
}

void await_coro(benchmark::State& state) {
  in_a_task(state, []() -> charkha::coro<> {
    const int value = co_await one();
    benchmark::DoNotOptimize(value);
  });
}
BENCHMARK(await_coro);

void create_and_await(benchmark::State& state) {
  in_a_task(state, []() -> charkha::coro<> {
    auto task = charkha::create_task(one());
    const int value = co_await task;
    benchmark::DoNotOptimize(value);
  });
}
BENCHMARK(create_and_await);

void yield(benchmark::State& state) { in_a_task(state, yield_once); }
BENCHMARK(yield);

void timeout_around_yield(benchmark::State& state) {
  in_a_task(state, []() -> charkha::coro<> { co_await charkha::timeout(30s, yield_once); });
}
BENCHMARK(timeout_around_yield);

void gather_two(benchmark::State& state) {
  in_a_task(state, []() -> charkha::coro<> {
    auto both = co_await charkha::gather(one(), one());
    benchmark::DoNotOptimize(both);
  });
}
BENCHMARK(gather_two);

void when_all_two(benchmark::State& state) {
  in_a_task(state, []() -> charkha::coro<> {
    auto both = co_await charkha::when_all(one(), one());
    benchmark::DoNotOptimize(both);
  });
}
BENCHMARK(when_all_two);

}  // namespace
