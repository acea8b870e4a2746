// SPDX-License-Identifier: Apache-2.0
// Regression probes for the timing wheel: arming and cancelling with few and many entries pending, and expiry.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <deque>

#include "timer_wheel.hpp"

namespace {

using charkha::detail::ready_item;
using charkha::detail::timer_entry;
using charkha::detail::timer_wheel;

struct probe final : timer_entry {
  probe() = default;
  ready_item* expire() noexcept override { return nullptr; }
};

constexpr std::uint64_t second = 1'000'000;  // ticks

void insert_remove(benchmark::State& state) {
  timer_wheel wheel;
  std::deque<probe> pending(static_cast<std::size_t>(state.range(0)));
  std::uint64_t spread = 0;
  for (auto& entry : pending) {
    entry.tick = second + (spread += 7'919) % (10 * second);
    wheel.insert(entry);
  }
  probe entry;
  for (auto _ : state) {
    entry.tick = 5 * second;
    wheel.insert(entry);
    wheel.remove(entry);
  }
}
BENCHMARK(insert_remove)->Arg(0)->Arg(100'000)->Arg(1'000'000);

void insert_expire(benchmark::State& state) {
  timer_wheel wheel;
  std::deque<probe> entries(static_cast<std::size_t>(state.range(0)));
  std::uint64_t now = 0, spread = 0;
  for (auto _ : state) {
    for (auto& entry : entries) {
      entry.tick = now + 1 + (spread += 7'919) % (10 * second);
      wheel.insert(entry);
    }
    now += 11 * second;
    std::int64_t expired = 0;
    wheel.advance_to(now, [&expired](timer_entry&) { ++expired; });
    benchmark::DoNotOptimize(expired);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(insert_expire)->Arg(1'000)->Arg(100'000);

}  // namespace
