// SPDX-License-Identifier: Apache-2.0
// Regression probes for the primitives: what a lock, a semaphore and a queue cost when nobody is in the way, and when
// many are. Each figure is for one operation of one task.
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

void lock_unlock(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    charkha::lock l;
    for (auto _ : run) {
      co_await l.acquire();
      l.release();
    }
  });
}
BENCHMARK(lock_unlock);

void lock_hold(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    charkha::lock l;
    for (auto _ : run) const auto held = co_await l.hold();
  });
}
BENCHMARK(lock_hold);

void semaphore_acquire_release(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    charkha::semaphore s(1);
    for (auto _ : run) {
      co_await s.acquire();
      s.release();
    }
  });
}
BENCHMARK(semaphore_acquire_release);

void event_wait_when_set(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    charkha::event e;
    e.set();
    for (auto _ : run) co_await e.wait();
  });
}
BENCHMARK(event_wait_when_set);

void queue_put_get(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    charkha::queue<std::uint64_t> q(16);
    for (auto _ : run) {
      co_await q.put(1);
      const auto item = co_await q.get();
      benchmark::DoNotOptimize(item);
    }
  });
}
BENCHMARK(queue_put_get);

/// `tasks` tasks share the iterations, each round on `workers` workers; time is of the whole program.
template <class Round>
void shared_by_tasks(benchmark::State& state, std::size_t tasks, std::size_t each, Round round) {
  charkha::runtime workers({.workers = static_cast<int>(state.range(0))});
  for (auto _ : state) {
    auto main = [&]() -> coro<> {
      std::vector<charkha::task<>> all;
      all.reserve(tasks);
      for (std::size_t i = 0; i < tasks; ++i) all.push_back(charkha::create_task(round(each)));
      for (const auto& one : all) co_await one;
    };
    workers.spawn(main()).get();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tasks * each));
}

void lock_by_many(benchmark::State& state) {
  charkha::lock l;
  shared_by_tasks(state, 100, 1000, [&](std::size_t count) -> coro<> {
    for (std::size_t i = 0; i < count; ++i) {
      co_await l.acquire();
      l.release();
    }
  });
}
BENCHMARK(lock_by_many)->Arg(1)->Arg(2)->UseRealTime();

void lock_around_a_yield(benchmark::State& state) {
  charkha::lock l;
  shared_by_tasks(state, 100, 100, [&](std::size_t count) -> coro<> {
    for (std::size_t i = 0; i < count; ++i) {
      co_await l.acquire();
      co_await charkha::yield();
      l.release();
    }
  });
}
BENCHMARK(lock_around_a_yield)->Arg(1)->Arg(2)->UseRealTime();

void semaphore_by_many(benchmark::State& state) {
  charkha::semaphore s(10);
  shared_by_tasks(state, 100, 1000, [&](std::size_t count) -> coro<> {
    for (std::size_t i = 0; i < count; ++i) {
      co_await s.acquire();
      s.release();
    }
  });
}
BENCHMARK(semaphore_by_many)->Arg(1)->Arg(2)->UseRealTime();

/// Four producers and range(1) consumers on range(0) workers, by a queue of 1,024; time is of the whole program.
void queue_by_many(benchmark::State& state) {
  charkha::runtime workers({.workers = static_cast<int>(state.range(0))});
  const auto consumers = static_cast<std::size_t>(state.range(1));
  constexpr std::size_t each = 10'000;
  for (auto _ : state) {
    charkha::queue<std::uint64_t> q(1024);
    auto produce = [&]() -> coro<> {
      for (std::size_t i = 0; i < each; ++i) co_await q.put(i);
    };
    auto consume = [&]() -> coro<> {
      for (std::size_t i = 0; i < 4 * each / consumers; ++i) {
        const auto item = co_await q.get();
        benchmark::DoNotOptimize(item);
      }
    };
    auto main = [&]() -> coro<> {
      std::vector<charkha::task<>> all;
      for (std::size_t i = 0; i < 4; ++i) {
        all.push_back(charkha::create_task(produce()));
        if (i < consumers) all.push_back(charkha::create_task(consume()));
      }
      for (const auto& one : all) co_await one;
    };
    workers.spawn(main()).get();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(4 * each));
}
BENCHMARK(queue_by_many)->ArgsProduct({{1, 2}, {1, 4}})->UseRealTime();

void oneshot_make_send_receive(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    for (auto _ : run) {
      auto [sender, receiver] = charkha::create_oneshot<int>();
      benchmark::DoNotOptimize(sender.send(1));
      const int value = co_await receiver.receive();
      benchmark::DoNotOptimize(value);
    }
  });
}
BENCHMARK(oneshot_make_send_receive);

void watch_send_changed_get(benchmark::State& state) {
  in_a_task(state, [](benchmark::State& run) -> coro<> {
    charkha::watch<int> w(0);
    auto seen = w.subscribe();
    for (auto _ : run) {
      w.send(1);
      co_await seen.changed();
      benchmark::DoNotOptimize(seen.get());
    }
  });
}
BENCHMARK(watch_send_changed_get);

/// One message to four tasks, each of which waits for it.
void broadcast_to_four(benchmark::State& state) {
  charkha::runtime workers({.workers = static_cast<int>(state.range(0))});
  constexpr std::size_t each = 10'000;
  for (auto _ : state) {
    charkha::broadcast<std::size_t> news(each);
    auto listen = [](charkha::broadcast_receiver<std::size_t> inbox) -> coro<> {
      for (std::size_t i = 0; i < each; ++i) {
        const auto message = co_await inbox.receive();
        benchmark::DoNotOptimize(message);
      }
    };
    auto main = [&]() -> coro<> {
      std::vector<charkha::task<>> all;
      for (int i = 0; i < 4; ++i) all.push_back(charkha::create_task(listen(news.subscribe())));
      for (std::size_t i = 0; i < each; ++i) {
        news.send(i);
        if (i % 16 == 0) co_await charkha::yield();
      }
      for (const auto& one : all) co_await one;
    };
    workers.spawn(main()).get();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(each));
}
BENCHMARK(broadcast_to_four)->Arg(1)->Arg(2)->UseRealTime();

/// There and back between two tasks, by two events.
void event_ping_pong(benchmark::State& state) {
  charkha::runtime workers({.workers = static_cast<int>(state.range(0))});
  constexpr std::size_t each = 10'000;
  for (auto _ : state) {
    charkha::event there, back;
    auto reply = [&]() -> coro<> {
      for (std::size_t i = 0; i < each; ++i) {
        co_await there.wait();
        there.clear();
        back.set();
      }
    };
    auto main = [&]() -> coro<> {
      auto other = charkha::create_task(reply());
      for (std::size_t i = 0; i < each; ++i) {
        there.set();
        co_await back.wait();
        back.clear();
      }
      co_await other;
    };
    workers.spawn(main()).get();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(each));
}
BENCHMARK(event_ping_pong)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
