// SPDX-License-Identifier: Apache-2.0
// Regression probes for sleeping: a token left and taken, a park that times out at once, and two threads that wake
// each other.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>

#include "parker.hpp"

namespace {

using charkha::detail::parker;

void unpark_then_park(benchmark::State& state) {
  parker p;
  for (auto _ : state) {
    p.unpark();
    benchmark::DoNotOptimize(p.park_until(parker::never));
  }
}
BENCHMARK(unpark_then_park);

void park_until_the_past(benchmark::State& state) {
  parker p;
  for (auto _ : state) benchmark::DoNotOptimize(p.park_until(0));
}
BENCHMARK(park_until_the_past);

/// There and back between two sleeping threads: mostly the kernel.
void wake_each_other(benchmark::State& state) {
  parker here, there;
  std::atomic<bool> stop{false};
  std::thread other([&] {
    for (;;) {
      static_cast<void>(there.park_until(parker::never));
      if (stop.load(std::memory_order_relaxed)) return;
      here.unpark();
    }
  });
  for (auto _ : state) {
    there.unpark();
    static_cast<void>(here.park_until(parker::never));
  }
  stop.store(true, std::memory_order_relaxed);
  there.unpark();
  other.join();
}
BENCHMARK(wake_each_other)->UseRealTime();

}  // namespace
