// SPDX-License-Identifier: Apache-2.0
// Regression probes for the primitives that are not in primitives_bench.cpp, when nobody is in the way, and for those
// that only make sense with others, among four tasks on one worker.
#include <benchmark/benchmark.h>

#include <charkha/charkha.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

using charkha::coro;

template <class Body>
void in_a_task(benchmark::State& state, Body body) {
  auto main = [&]() -> coro<> { return body(state); };
  charkha::run(main(), {.workers = 1});
}

void shared_lock_shared(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    charkha::shared_lock l;
    for (auto _ : run) {
      co_await l.acquire_shared();
      l.release_shared();
    }
  });
}
BENCHMARK(shared_lock_shared);

void shared_lock_exclusive(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    charkha::shared_lock l;
    for (auto _ : run) {
      co_await l.acquire();
      l.release();
    }
  });
}
BENCHMARK(shared_lock_exclusive);

void bounded_semaphore_acquire_release(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    charkha::bounded_semaphore s(1);
    for (auto _ : run) {
      co_await s.acquire();
      s.release();
    }
  });
}
BENCHMARK(bounded_semaphore_acquire_release);

void latch_of_one(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    for (auto _ : run) {
      charkha::latch l(1);
      l.count_down();
      co_await l.wait();
    }
  });
}
BENCHMARK(latch_of_one);

template <class Queue>
void put_get(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    Queue q;
    for (std::int64_t i = 0; i < run.range(0); ++i) co_await q.put(static_cast<std::uint64_t>(i * 7919 % 1000));
    for (auto _ : run) {
      co_await q.put(500);
      const auto item = co_await q.get();
      benchmark::DoNotOptimize(item);
    }
  });
}
BENCHMARK(put_get<charkha::lifo_queue<std::uint64_t>>)->Arg(0)->Arg(1000);
BENCHMARK(put_get<charkha::priority_queue<std::uint64_t>>)->Arg(0)->Arg(1000);

/// Four tasks on one worker, each of which runs `round` as often as the others.
template <class Round>
void by_four(benchmark::State& state, Round round) {
  constexpr std::size_t each = 10'000;
  charkha::runtime worker({.workers = 1});
  for (auto _ : state) {
    auto task = [&]() -> coro<> {
      for (std::size_t i = 0; i < each; ++i) co_await round();
    };
    auto main = [&]() -> coro<> {
      std::vector<charkha::task<>> all;
      for (int i = 0; i < 4; ++i) all.push_back(charkha::create_task(task()));
      for (const auto& one : all) co_await one;
    };
    worker.spawn(main()).get();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(4 * each));
}

void barrier_of_four(benchmark::State& state) {
  charkha::barrier b(4);
  by_four(state, [&] { return b.wait(); });
}
BENCHMARK(barrier_of_four)->UseRealTime();

/// Each notifies the one that waited longest, and waits itself.
void condition_handed_round(benchmark::State& state) {
  constexpr std::size_t each = 10'000;
  charkha::runtime worker({.workers = 1});
  for (auto _ : state) {
    charkha::condition changed;
    std::size_t turn = 0;
    auto player = [&](std::size_t mine) -> coro<> {
      for (std::size_t i = 0; i < each; ++i) {
        co_await changed.acquire();
        while (turn % 2 != mine) co_await changed.wait();
        ++turn;
        changed.notify();
        changed.release();
      }
    };
    auto main = [&]() -> coro<> {
      auto one = charkha::create_task(player(0));
      auto two = charkha::create_task(player(1));
      co_await one;
      co_await two;
    };
    worker.spawn(main()).get();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(2 * each));
}
BENCHMARK(condition_handed_round)->UseRealTime();

void strand_of_two(benchmark::State& state) {
  constexpr std::size_t each = 10'000;
  charkha::runtime worker({.workers = 1});
  for (auto _ : state) {
    auto hops = []() -> coro<> {
      for (std::size_t i = 0; i < each; ++i) co_await charkha::yield();
    };
    auto main = [&]() -> coro<> {
      charkha::strand line;
      auto one = line.create_task(hops());
      auto two = line.create_task(hops());
      co_await one;
      co_await two;
    };
    worker.spawn(main()).get();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(2 * each));
}
BENCHMARK(strand_of_two)->UseRealTime();

}  // namespace
