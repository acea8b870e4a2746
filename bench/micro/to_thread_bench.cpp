// SPDX-License-Identifier: Apache-2.0
// Regression probes for to_thread: an empty function, one at a time and many in flight. What is measured is the way to a
// thread and back.
#include <benchmark/benchmark.h>

#include <charkha/charkha.hpp>
#include <cstdint>
#include <utility>
#include <vector>

namespace {

void nothing() {}

charkha::coro<> call_once() { co_await charkha::to_thread(nothing); }

void one_at_a_time(benchmark::State& state) {
  auto body = [](benchmark::State& each) -> charkha::coro<> {
    for (auto _ : each) co_await charkha::to_thread(nothing);
  };
  charkha::run(body(state), {.workers = static_cast<int>(state.range(0))});
}
BENCHMARK(one_at_a_time)->Arg(1)->Arg(2)->UseRealTime();

void in_flight(benchmark::State& state) {
  auto body = [](benchmark::State& each) -> charkha::coro<> {
    const auto count = static_cast<std::size_t>(each.range(0));
    for (auto _ : each) {
      std::vector<charkha::coro<>> calls;
      calls.reserve(count);
      for (std::size_t i = 0; i < count; ++i) calls.push_back(call_once());
      co_await charkha::gather(std::move(calls));
    }
    each.SetItemsProcessed(each.iterations() * each.range(0));
  };
  charkha::run(body(state), {.workers = static_cast<int>(state.range(1))});
}
BENCHMARK(in_flight)->Args({10'000, 1})->Args({10'000, 2})->Args({100'000, 1})->Args({100'000, 2})->UseRealTime();

}  // namespace
