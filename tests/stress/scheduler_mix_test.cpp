// SPDX-License-Identifier: Apache-2.0
// Random programs of everything that there is, on real threads and in simulation: whatever they do, they end, nobody
// waits for ever, and each task has exactly one outcome. CHARKHA_STRESS_SCALE=n: n times as many.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/must_end.hpp"
#include "support/process.hpp"
#include "support/report_log.hpp"
#include "support/stress_scale.hpp"

namespace {

using namespace std::chrono_literals;
using random_source = std::minstd_rand;

/// How many bodies began and how many of those were left again, by whichever way; and what they share.
struct tally {
  std::atomic<int> began{0};
  std::atomic<int> left{0};
  charkha::lock lock;
  charkha::semaphore permits{2};
  charkha::event event;
  charkha::queue<int> queue{4};
  std::atomic<bool> inside{false};  // the lock
};

struct presence {
  explicit presence(tally& of) : count(of) { count.began.fetch_add(1, std::memory_order_relaxed); }
  ~presence() { count.left.fetch_add(1, std::memory_order_relaxed); }
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;
  tally& count;
};

charkha::coro<int> mixed_work(tally& count, unsigned seed, int depth);

charkha::coro<> child_awaited(tally& count, unsigned seed, int depth) {
  auto child = charkha::create_task(mixed_work(count, seed, depth));
  co_await child;
}

charkha::coro<> child_cancelled(tally& count, unsigned seed, int depth) {
  auto child = charkha::create_task(mixed_work(count, seed, depth));
  if (seed % 2 == 0) co_await charkha::yield();
  child.cancel("not needed");
  try {
    co_await child;
  } catch (const charkha::cancelled_error&) {
    // The child's end, or a request for this task that was passed on to it: either way it is over.
  }
}

charkha::coro<> with_deadline(tally& count, unsigned seed, int depth) {
  auto body = [&count, seed, depth]() -> charkha::coro<int> { return mixed_work(count, seed, depth); };
  try {
    co_await charkha::timeout(std::chrono::microseconds(seed % 500), std::move(body));
  } catch (const charkha::timeout_error&) {
    co_return;
  }
}

charkha::coro<> gathered(tally& count, unsigned seed, int depth) {
  auto values = co_await charkha::gather(mixed_work(count, seed, depth), mixed_work(count, seed + 1, depth));
  if (std::get<0>(values) + std::get<1>(values) != 2) throw std::logic_error("a value was lost");
}

charkha::coro<> forked(tally& count, unsigned seed, int depth) {
  try {
    auto values = co_await charkha::when_all(mixed_work(count, seed, depth), mixed_work(count, seed + 1, depth),
                                             mixed_work(count, seed + 2, depth));
    if (std::get<0>(values) + std::get<1>(values) + std::get<2>(values) != 3)
      throw std::logic_error("a value was lost");
  } catch (const charkha::exception_group& errors) {
    if (errors.errors().empty()) throw std::logic_error("an empty group");
  }
}

charkha::coro<> grouped(tally& count, unsigned seed, int depth) {
  try {
    co_await charkha::with_task_group([&](charkha::task_group& group) -> charkha::coro<> {
      static_cast<void>(group.create_task(mixed_work(count, seed, depth)));
      static_cast<void>(group.create_task(mixed_work(count, seed + 1, depth)));
      if (seed % 3 == 0) group.cancel();
      co_return;
    });
  } catch (const charkha::exception_group&) {
  }
}

charkha::coro<> locked(tally& count, unsigned seed) {
  const auto permit = co_await count.permits.hold();
  const auto held = co_await count.lock.hold();
  if (count.inside.exchange(true)) std::abort();
  try {
    if (seed % 4 == 0) co_await charkha::yield();
  } catch (...) {
    count.inside = false;
    throw;
  }
  count.inside = false;
}

charkha::coro<> passed_on(tally& count, unsigned seed) {
  // As many are put as are taken, unless somebody is cancelled: so nobody waits for long.
  try {
    if (seed % 2 == 0) {
      co_await charkha::wait_for(count.queue.put(static_cast<int>(seed)), 200us);
    } else {
      static_cast<void>(co_await charkha::wait_for(count.queue.get(), 200us));
    }
  } catch (const charkha::timeout_error&) {
  }
}

charkha::coro<> signalled(tally& count, unsigned seed) {
  if (seed % 2 == 0) {
    count.event.set();
    if (seed % 4 == 0) count.event.clear();
    co_return;
  }
  try {
    co_await charkha::wait_for(count.event.wait(), 200us);
  } catch (const charkha::timeout_error&) {
  }
}

charkha::coro<int> mixed_work(tally& count, unsigned seed, int depth) {
  const presence here(count);
  random_source random(seed);
  for (int i = 0; i < 6; ++i) {
    const auto next = static_cast<unsigned>(random());
    switch (depth == 0 ? next % 6 : next % 12) {
      case 0:
        co_await charkha::yield();
        break;
      case 1:
        co_await charkha::sleep(std::chrono::microseconds(next % 300));
        break;
      case 2:
        if (next % 20 == 2) throw std::runtime_error("as planned");
        break;
      case 3:
        co_await locked(count, next / 12);
        break;
      case 4:
        co_await passed_on(count, next / 12);
        break;
      case 5:
        co_await signalled(count, next / 12);
        break;
      case 6:
        co_await child_awaited(count, next, depth - 1);
        break;
      case 7:
        co_await child_cancelled(count, next, depth - 1);
        break;
      case 8:
        co_await with_deadline(count, next, depth - 1);
        break;
      case 9:
        co_await gathered(count, next, depth - 1);
        break;
      case 10:
        co_await forked(count, next, depth - 1);
        break;
      case 11:
        co_await grouped(count, next, depth - 1);
        break;
    }
  }
  co_return 1;
}

charkha::coro<> mix(tally& count, unsigned seed, int tasks, int& outcomes) {
  std::vector<charkha::task<int>> all;
  for (int i = 0; i < tasks; ++i) {
    all.push_back(charkha::create_task(mixed_work(count, seed + static_cast<unsigned>(i), 4)));
  }
  for (const auto& each : all) {
    try {
      const int value = co_await each;
      outcomes += value;
    } catch (const std::runtime_error&) {
      ++outcomes;
    } catch (const charkha::cancelled_error&) {
      ++outcomes;
    }
  }
}

void run_mix(int workers, unsigned seed) {
  CAPTURE(workers);
  CAPTURE(seed);
  charkha::test::report_log reports;
  tally count;
  int outcomes = 0;
  {
    charkha::runtime rt{{.workers = workers, .reports = &reports}};
    const auto main = rt.spawn(mix(count, 1000 * seed, 40, outcomes));
    charkha::test::must_end(rt, main);
    main.get();
  }
  CHECK(outcomes == 40);
  CHECK(count.began == count.left);
  CHECK_FALSE(count.lock.locked());
  CHECK(count.permits.try_acquire());
  CHECK(count.permits.try_acquire());
}

}  // namespace

TEST_CASE("a random mix of everything ends, with one outcome for each task, on any number of workers") {
  for (const int workers : {1, 2, 3, 8, 64}) {
    for (unsigned seed = 1; seed <= 4U * charkha::test::stress_scale(); ++seed) run_mix(workers, seed);
  }
}

TEST_CASE("and so it does if all workers share one processor") {
  const charkha::test::one_processor pinned;
  for (const int workers : {2, 8}) {
    for (unsigned seed = 1; seed <= 2U * charkha::test::stress_scale(); ++seed) run_mix(workers, seed);
  }
}

TEST_CASE("a random mix that is shut down in the middle leaves nothing") {
  for (const int workers : {1, 2, 8}) {
    for (unsigned seed = 1; seed <= 6U * charkha::test::stress_scale(); ++seed) {
      CAPTURE(workers);
      CAPTURE(seed);
      charkha::test::report_log reports;
      tally count;
      {
        charkha::runtime rt{{.workers = workers, .reports = &reports}};
        for (unsigned i = 0; i < 40; ++i) static_cast<void>(rt.spawn(mixed_work(count, seed * 100 + i, 4)));
        const auto left = rt.shutdown(60s);
        CHECK(left.complete());
      }
      CHECK(count.began == count.left);
      CHECK_FALSE(count.lock.locked());
    }
  }
}

TEST_CASE("a random mix in simulation ends, with any seed of the scheduler") {
  for (const int workers : {1, 2, 4}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      CAPTURE(workers);
      CAPTURE(seed);
      charkha::test::report_log reports;
      tally count;
      int outcomes = 0;
      charkha::simulation sim{{.workers = workers, .seed = seed, .reports = &reports}};
      sim.run(mix(count, 7, 5, outcomes));
      CHECK(outcomes == 5);
      CHECK(count.began == count.left);
    }
  }
}
