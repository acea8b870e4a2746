// SPDX-License-Identifier: Apache-2.0
// Regression probes for the injection queue: what a foreign thread pays to hand over, a worker to take, and a busy worker
// to look in vain.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "injection_queue.hpp"

namespace {

using charkha::detail::injection_queue;

struct item final : charkha::detail::ready_item {
  item() = default;
  void run(charkha::detail::worker_context&) noexcept override {}
};

void push_pop(benchmark::State& state) {
  injection_queue queue;
  item one;
  for (auto _ : state) {
    queue.push(&one);
    benchmark::DoNotOptimize(queue.try_pop());
  }
}
BENCHMARK(push_pop);

void pop_from_empty(benchmark::State& state) {
  injection_queue queue;
  for (auto _ : state) benchmark::DoNotOptimize(queue.try_pop());
}
BENCHMARK(pop_from_empty);

void push_many_then_pop(benchmark::State& state) {
  injection_queue queue;
  item one;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) queue.push(&one);
    for (std::int64_t i = 0; i < state.range(0); ++i) benchmark::DoNotOptimize(queue.try_pop());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(push_many_then_pop)->Arg(1'000)->Arg(100'000);

/// All threads push and pop at once.
void shared(benchmark::State& state) {
  static injection_queue queue;
  item one;
  for (auto _ : state) {
    queue.push(&one);
    benchmark::DoNotOptimize(queue.try_pop());
  }
}
BENCHMARK(shared)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
