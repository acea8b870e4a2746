// SPDX-License-Identifier: Apache-2.0
// Regression probes for the work-stealing deque: what the owner pays with nobody else there, and what a steal costs.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "charkha/detail/deque.hpp"

namespace {

using queue = charkha::detail::deque<int>;

void push_pop(benchmark::State& state) {
  queue items;
  int item = 0;
  for (auto _ : state) {
    items.push(&item);
    benchmark::DoNotOptimize(items.pop());
  }
}
BENCHMARK(push_pop);

void push_take(benchmark::State& state) {
  queue items;
  int item = 0;
  for (auto _ : state) {
    items.push(&item);
    benchmark::DoNotOptimize(items.take());
  }
}
BENCHMARK(push_take);

void push_steal(benchmark::State& state) {
  queue items;
  int item = 0;
  for (auto _ : state) {
    items.push(&item);
    int* stolen = nullptr;
    benchmark::DoNotOptimize(items.steal(stolen));
    benchmark::DoNotOptimize(stolen);
  }
}
BENCHMARK(push_steal);

void grow_to(benchmark::State& state) {
  int item = 0;
  for (auto _ : state) {
    queue items;
    for (std::int64_t i = 0; i < state.range(0); ++i) items.push(&item);
    benchmark::DoNotOptimize(items.size());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(grow_to)->Arg(1 << 16);

}  // namespace
