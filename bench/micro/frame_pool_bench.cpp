// SPDX-License-Identifier: Apache-2.0
// Regression probes for the memory of frames and control blocks: taken and given back by the same thread, one at a time
// and many at once, and given back by another thread than took it.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <thread>
#include <vector>

#include "charkha/detail/frame_pool.hpp"

namespace {

using charkha::detail::allocate_frame;
using charkha::detail::deallocate_frame;

void take_and_give(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    void* const frame = allocate_frame(size);
    benchmark::DoNotOptimize(frame);
    deallocate_frame(frame, size);
  }
}
BENCHMARK(take_and_give)->Arg(64)->Arg(256)->Arg(1024)->Arg(8192);

void take_many_then_give(benchmark::State& state) {
  constexpr std::size_t size = 192;
  std::vector<void*> frames(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (auto& frame : frames) frame = allocate_frame(size);
    for (auto* const frame : frames) deallocate_frame(frame, size);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(take_many_then_give)->Arg(100)->Arg(10'000)->Arg(1'000'000);

void given_back_elsewhere(benchmark::State& state) {
  constexpr std::size_t size = 192;
  std::vector<void*> frames(100'000);
  for (auto _ : state) {
    for (auto& frame : frames) frame = allocate_frame(size);
    std::thread([&] {
      for (auto* const frame : frames) deallocate_frame(frame, size);
    }).join();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(frames.size()));
}
BENCHMARK(given_back_elsewhere)->UseRealTime();

}  // namespace
