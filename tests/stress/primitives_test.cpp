// SPDX-License-Identifier: Apache-2.0
// The primitives on real threads, as hard as they can be driven: counts are conserved, owners are alone, and a task may
// destroy an event or a latch as soon as its wait has returned.
#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"

namespace {

using charkha::cancelled_error;
using charkha::coro;
using charkha::create_task;
using charkha::task;
using random_source = std::minstd_rand;

constexpr int rounds = 300;

/// Cancels tasks now and then until all have ended; not for ever, so that slow threads come to an end, too.
coro<> harass(std::vector<task<>> tasks, unsigned seed) {
  random_source random(seed);
  int left = 1000;
  for (bool busy = true; busy;) {
    busy = false;
    for (const auto& each : tasks) {
      if (each.done()) continue;
      busy = true;
      if (left > 0 && random() % 64 == 0 && each.cancel()) --left;
    }
    co_await charkha::yield();
  }
}

/// A task that is cancelled before its first step does nothing (R25): where others count on it, none is cancelled before.
coro<> all_started(const std::atomic<std::size_t>& started, std::size_t count) {
  while (started.load() < count) co_await charkha::yield();
}

/// Waits for a task's end; it counts as cancelled if the last request came too late to be delivered (R27).
coro<> ended(task<> of) {
  try {
    co_await of;
  } catch (const cancelled_error&) {
  }
}

/// Runs `body` as so many tasks, each round of which survives its cancellations.
template <class Body>
void drive(std::size_t count, Body body) {
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    const auto main = [&]() -> coro<> {
      std::vector<task<>> tasks;
      for (std::size_t i = 0; i < count; ++i) tasks.push_back(create_task(body(static_cast<unsigned>(i + 1))));
      co_await harass(tasks, static_cast<unsigned>(workers));
    };
    charkha::run(main(), {.workers = workers});
  }
}

}  // namespace

TEST_CASE("lock: one at a time, and free in the end") {
  charkha::lock* l = nullptr;
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    charkha::lock here;
    l = &here;
    int inside = 0;  // guarded by the lock: ThreadSanitizer looks on
    std::atomic<int> wrong{0};
    const auto body = [&](unsigned seed) -> coro<> {
      random_source random(seed);
      for (int i = 0; i < rounds; ++i) {
        try {
          const auto held = co_await l->hold();
          if (++inside != 1) wrong.fetch_add(1);
          --inside;
          if (random() % 2 == 0) {
            ++inside;
            try {
              co_await charkha::yield();
            } catch (const cancelled_error&) {
            }
            --inside;
          }
        } catch (const cancelled_error&) {
        }
      }
    };
    const auto main = [&]() -> coro<> {
      std::vector<task<>> tasks;
      for (unsigned i = 1; i <= 8; ++i) tasks.push_back(create_task(body(i)));
      co_await harass(tasks, static_cast<unsigned>(workers));
    };
    charkha::run(main(), {.workers = workers});
    CHECK(wrong == 0);
    CHECK(inside == 0);
    CHECK_FALSE(here.locked());
  }
}

TEST_CASE("semaphore: permits are conserved, with releases from a foreign thread") {
  charkha::semaphore s(3);
  std::atomic<bool> over{false};
  std::thread foreign([&] {
    while (!over.load()) {
      if (s.try_acquire()) s.release();
    }
  });
  std::atomic<int> held{0}, wrong{0};
  // One runtime: a semaphore belongs to the first whose tasks wait.
  const auto body = [&](unsigned seed) -> coro<> {
    random_source random(seed);
    for (int i = 0; i < rounds; ++i) {
      try {
        const auto permit = co_await s.hold();
        if (held.fetch_add(1) >= 3) wrong.fetch_add(1);
        held.fetch_sub(1);
        if (random() % 2 == 0) co_await charkha::yield();
      } catch (const cancelled_error&) {
      }
    }
  };
  const auto main = [&]() -> coro<> {
    std::vector<task<>> tasks;
    for (unsigned i = 1; i <= 8; ++i) tasks.push_back(create_task(body(i)));
    co_await harass(tasks, 1);
  };
  charkha::run(main(), {.workers = 4});
  over = true;
  foreign.join();
  CHECK(wrong == 0);
  int free = 0;
  while (s.try_acquire()) ++free;
  CHECK(free == 3);
}

TEST_CASE("queue: items from tasks and from a foreign thread arrive once each, in each producer's order") {
  for (const std::size_t maxsize : {std::size_t{0}, std::size_t{1}, std::size_t{64}}) {
    for (const int workers : charkha::test::worker_counts) {
      CAPTURE(maxsize);
      CAPTURE(workers);
      constexpr int producers = 4, items = 300;
      charkha::queue<std::pair<int, int>> q(maxsize);
      std::atomic<int> taken{0}, disorder{0};
      std::atomic<std::size_t> started{0};
      const auto produce = [&](int me) -> coro<> {
        started.fetch_add(1);
        for (int i = 0; i < items; ++i) {
          for (bool done = false; !done;) {
            try {
              co_await q.put(std::pair(me, i));
              done = true;
            } catch (const cancelled_error&) {
            }
          }
        }
      };
      const auto consume = [&]() -> coro<> {
        started.fetch_add(1);
        std::vector<int> last(producers + 1, -1);
        for (;;) {
          try {
            const auto item = co_await q.get();
            taken.fetch_add(1);
            int& before = last[static_cast<std::size_t>(item.first)];
            if (item.second <= before) disorder.fetch_add(1);
            before = item.second;
            q.task_done();
          } catch (const cancelled_error&) {
          } catch (const charkha::queue_shutdown&) {
            co_return;
          }
        }
      };
      std::thread foreign([&] {
        for (int i = 0; i < items; ++i) {
          while (!q.try_put(std::pair(producers, i))) std::this_thread::yield();
        }
      });
      const auto main = [&]() -> coro<> {
        std::vector<task<>> makers, takers, all;
        for (int i = 0; i < producers; ++i) makers.push_back(create_task(produce(i)));
        for (int i = 0; i < 3; ++i) takers.push_back(create_task(consume()));
        all = makers;
        all.insert(all.end(), takers.begin(), takers.end());
        co_await all_started(started, all.size());
        auto canceller = create_task(harass(all, static_cast<unsigned>(workers)));
        for (const auto& each : makers) co_await ended(each);
        while (taken.load() < (producers + 1) * items) co_await charkha::yield();
        co_await q.join();
        q.shutdown();
        for (const auto& each : takers) co_await ended(each);
        co_await canceller;
      };
      charkha::run(main(), {.workers = workers});
      foreign.join();
      CHECK(taken == (producers + 1) * items);
      CHECK(disorder == 0);
      CHECK(q.empty());
    }
  }
}

TEST_CASE("event and latch: destroyed by the waiter as soon as its wait has returned") {
  const auto set_it = [](charkha::event& at) -> coro<> {
    at.set();
    co_return;
  };
  const auto count = [](charkha::latch& at) -> coro<> {
    at.count_down();
    co_return;
  };
  drive(4, [&](unsigned) -> coro<> {
    for (int i = 0; i < rounds; ++i) {
      // Whoever sets it must not be kept from it by a cancellation of this task.
      auto e = std::make_unique<charkha::event>();
      auto l = std::make_unique<charkha::latch>(2);
      auto setter = create_task(set_it(*e));
      auto first = create_task(count(*l));
      auto second = create_task(count(*l));
      for (bool done = false; !done;) {
        try {
          co_await e->wait();
          done = true;
        } catch (const cancelled_error&) {
        }
      }
      e.reset();
      for (bool done = false; !done;) {
        try {
          co_await l->wait();
          done = true;
        } catch (const cancelled_error&) {
        }
      }
      l.reset();
    }
  });
}

TEST_CASE("condition: a bounded buffer by hand") {
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    charkha::lock l;
    charkha::condition not_empty(l), not_full(l);
    int level = 0, wrong = 0;  // guarded by the lock
    std::atomic<int> put{0}, taken{0};
    std::atomic<std::size_t> started{0};
    const auto produce = [&]() -> coro<> {
      started.fetch_add(1);
      for (int i = 0; i < rounds; ++i) {
        try {
          const auto held = co_await l.hold();
          const auto room = [&] { return level < 2; };
          co_await not_full.wait(room);
          if (++level > 2) ++wrong;
          put.fetch_add(1);
          not_empty.notify();
        } catch (const cancelled_error&) {
        }
      }
    };
    std::atomic<bool> over{false};
    const auto consume = [&]() -> coro<> {
      started.fetch_add(1);
      for (;;) {
        try {
          const auto held = co_await l.hold();
          const auto any = [&] { return level > 0 || over.load(); };
          co_await not_empty.wait(any);
          if (level == 0) co_return;
          --level;
          taken.fetch_add(1);
          not_full.notify();
        } catch (const cancelled_error&) {
        }
      }
    };
    const auto main = [&]() -> coro<> {
      std::vector<task<>> makers, takers, all;
      for (int i = 0; i < 4; ++i) makers.push_back(create_task(produce()));
      for (int i = 0; i < 3; ++i) takers.push_back(create_task(consume()));
      all = makers;
      all.insert(all.end(), takers.begin(), takers.end());
      co_await all_started(started, all.size());
      auto canceller = create_task(harass(all, static_cast<unsigned>(workers)));
      for (const auto& each : makers) co_await ended(each);
      {
        const auto held = co_await l.hold();
        over = true;
        not_empty.notify_all();
      }
      co_await canceller;
    };
    charkha::run(main(), {.workers = workers});
    CHECK(wrong == 0);
    CHECK(level == 0);
    CHECK(put == taken);
  }
}

TEST_CASE("barrier: rounds by the same tasks, each index once in each") {
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    charkha::barrier b(5);
    std::vector<std::atomic<int>> seen(5);
    const auto body = [&]() -> coro<> {
      for (int i = 0; i < rounds; ++i) {
        const auto index = co_await b.wait();
        seen[static_cast<std::size_t>(index)].fetch_add(1);
      }
    };
    const auto main = [&]() -> coro<> {
      std::vector<task<>> tasks;
      for (int i = 0; i < 5; ++i) tasks.push_back(create_task(body()));
      co_await charkha::gather(tasks);
    };
    charkha::run(main(), {.workers = workers});
    for (const auto& each : seen) CHECK(each == rounds);
  }
}
