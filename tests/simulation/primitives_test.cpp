// SPDX-License-Identifier: Apache-2.0
// Random programs over the primitives, in simulation: many tasks, cancelled at any moment, on 1 to 8 workers. Whatever
// happens, what is conserved is conserved (permits, items, ownership), and everybody ends.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/seeds.hpp"
#include "support/until.hpp"

namespace {

using charkha::cancelled_error;
using charkha::coro;
using charkha::create_task;
using charkha::task;
using charkha::test::waits;
using random_source = std::minstd_rand;

// A simulation runs on one thread: the programs count in plain variables, and whatever happens between two suspensions
// is one step of the model.

coro<> wander(random_source& random) {
  for (auto turns = random() % 3; turns > 0; --turns) co_await charkha::yield();
}

/// Cancels tasks at random until all have ended; asks the rest to stop when `patience` is over.
template <class Finish>
coro<> cancel_at_random(std::vector<task<>>& tasks, random_source& random, std::uint64_t patience, Finish finish) {
  for (std::uint64_t i = 0; i < patience; ++i) {
    co_await charkha::yield();
    if (random() % 8 == 0) tasks[random() % tasks.size()].cancel();
  }
  finish();
  for (const auto& each : tasks) {
    try {
      co_await each;
    } catch (const cancelled_error&) {
    } catch (const charkha::queue_shutdown&) {
    } catch (const charkha::broken_barrier_error&) {
    }
  }
}

template <class Program>
void on_all_seeds(Program program, std::uint64_t seed_count = 60) {
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    for (const auto seed : charkha::test::seeds(seed_count)) {
      CAPTURE(seed);
      charkha::simulation({.workers = workers, .seed = seed}).run(program(seed));
    }
  }
}

// ---- the lock --------------------------------------------------------------------------------------------------------

/// Who asked for a lock and has not got it, in order.
using line = std::vector<int>;

/// Are all who asked before `me` about to leave the line, cancelled?
bool is_first(const line& waiting, int me, const std::vector<task<>>& tasks) {
  for (const int each : waiting) {
    if (each == me) return true;
    if (tasks[static_cast<std::size_t>(each)].cancelling() == 0) return false;
  }
  return false;
}

coro<> use_lock(charkha::lock& of, line& waiting, int& inside, int me, const std::vector<task<>>& tasks,
                random_source& random) {
  for (int i = 0; i < 4; ++i) {
    co_await wander(random);
    waiting.push_back(me);
    try {
      co_await of.acquire();
    } catch (const cancelled_error&) {
      std::erase(waiting, me);
      throw;
    }
    ++inside;
    CHECK(inside == 1);
    CHECK(is_first(waiting, me, tasks));
    std::erase(waiting, me);
    try {
      co_await wander(random);
    } catch (const cancelled_error&) {
      --inside;
      of.release();
      throw;
    }
    --inside;
    of.release();
  }
}

coro<> lock_program(std::uint64_t seed) {
  random_source random(static_cast<unsigned>(seed));
  charkha::lock l;
  line waiting;
  int inside = 0;
  std::vector<task<>> tasks;
  for (int i = 0; i < 6; ++i) tasks.push_back(create_task(use_lock(l, waiting, inside, i, tasks, random)));
  co_await cancel_at_random(tasks, random, seed % 60, [] {});
  CHECK_FALSE(l.locked());
  CHECK(inside == 0);
}

// ---- the semaphore ---------------------------------------------------------------------------------------------------

coro<> use_semaphore(charkha::semaphore& of, int& held, int permits, random_source& random) {
  for (int i = 0; i < 4; ++i) {
    co_await wander(random);
    if (random() % 4 == 0) {
      if (!of.try_acquire()) continue;
    } else {
      co_await of.acquire();
    }
    ++held;
    CHECK(held <= permits);
    bool cancelled = false;
    try {
      co_await wander(random);
    } catch (const cancelled_error&) {
      cancelled = true;
    }
    --held;
    of.release();
    if (cancelled) co_return;
  }
}

coro<> semaphore_program(std::uint64_t seed) {
  random_source random(static_cast<unsigned>(seed));
  const int permits = 1 + static_cast<int>(seed % 3);
  charkha::bounded_semaphore s(permits);
  int held = 0;
  std::vector<task<>> tasks;
  for (int i = 0; i < 8; ++i) tasks.push_back(create_task(use_semaphore(s, held, permits, random)));
  co_await cancel_at_random(tasks, random, seed % 60, [] {});
  CHECK(held == 0);
  int free = 0;
  while (s.try_acquire()) ++free;
  CHECK(free == permits);
}

// ---- the queue -------------------------------------------------------------------------------------------------------

struct ledger {
  std::map<int, int> next_put;          // by producer: the next number it puts
  std::set<std::pair<int, int>> items;  // that came out
  int put = 0;
  int taken = 0;
};

coro<> produce(charkha::queue<std::pair<int, int>>& into, ledger& book, int me, random_source& random) {
  for (int i = 0; i < 10; ++i) {
    co_await wander(random);
    const std::pair item(me, book.next_put[me]);
    if (random() % 3 == 0) {
      if (!into.try_put(item)) continue;
    } else {
      co_await into.put(item);
    }
    ++book.next_put[me];
    ++book.put;
  }
}

void take_note(ledger& book, const std::pair<int, int>& item) {
  ++book.taken;
  CHECK(item.second <= book.next_put[item.first]);
  CHECK(book.items.insert(item).second);  // not twice
}

coro<> consume(charkha::queue<std::pair<int, int>>& from, ledger& book, random_source& random) {
  std::map<int, int> last;
  for (;;) {
    co_await wander(random);
    std::optional<std::pair<int, int>> item;
    if (random() % 3 == 0) {
      item = from.try_get();
      if (!item) continue;
    } else {
      item = co_await from.get();
    }
    take_note(book, *item);
    const auto [seen, first] = last.try_emplace(item->first, -1);
    CHECK(item->second > seen->second);  // each producer's order, for each consumer
    seen->second = item->second;
    from.task_done();
  }
}

coro<> queue_program(std::uint64_t seed) {
  random_source random(static_cast<unsigned>(seed));
  charkha::queue<std::pair<int, int>> q(seed % 4);
  ledger book;
  std::vector<task<>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(create_task(produce(q, book, i, random)));
  for (int i = 0; i < 3; ++i) tasks.push_back(create_task(consume(q, book, random)));
  co_await cancel_at_random(tasks, random, seed % 100, [&q] { q.shutdown(); });
  try {
    while (const auto item = q.try_get()) {
      take_note(book, *item);
      q.task_done();
    }
  } catch (const charkha::queue_shutdown&) {
  }
  CHECK(book.taken == book.put);
  CHECK(q.empty());
  co_await q.join();
}

// ---- the condition ---------------------------------------------------------------------------------------------------

coro<> wait_for_one(charkha::condition& on, int& available, int& used) {
  const auto held = co_await on.hold();
  const auto any = [&available] { return available > 0; };
  co_await on.wait(any);
  --available;
  ++used;
}
coro<> make_one(charkha::condition& on, int& available, int& made, random_source& random) {
  co_await wander(random);
  const auto held = co_await on.hold();
  ++available;
  ++made;
  on.notify();
}

coro<> condition_program(std::uint64_t seed) {
  random_source random(static_cast<unsigned>(seed));
  charkha::condition c;
  int available = 0, used = 0, made = 0;
  std::vector<task<>> tasks;
  for (int i = 0; i < 6; ++i) tasks.push_back(create_task(wait_for_one(c, available, used)));
  for (int i = 0; i < 6; ++i) tasks.push_back(create_task(make_one(c, available, made, random)));
  for (std::uint64_t i = seed % 40; i > 0; --i) {
    co_await charkha::yield();
    if (random() % 6 == 0) tasks[random() % tasks.size()].cancel();
  }
  // Let everybody go as far as he can: no notification may be left over beside somebody who waits for it.
  for (int quiet = 0; quiet < 200; ++quiet) co_await charkha::yield();
  bool waiting = false;
  for (const auto& each : tasks) waiting = waiting || !each.done();
  CHECK(used + available == made);
  CHECK_FALSE((waiting && available > 0));
  CHECK_FALSE(c.locked());
  for (const auto& each : tasks) each.cancel();
  co_await cancel_at_random(tasks, random, 0, [] {});
}

// ---- the barrier -----------------------------------------------------------------------------------------------------

coro<> take_part(charkha::barrier& at, std::multiset<std::ptrdiff_t>& indices, random_source& random) {
  for (;;) {
    co_await wander(random);
    const auto index = co_await at.wait();
    CHECK(index >= 0);
    CHECK(index < at.parties());
    indices.insert(index);
  }
}

std::size_t barrier_rounds = 0;  // that came to their end, in all runs

coro<> barrier_program(std::uint64_t seed) {
  random_source random(static_cast<unsigned>(seed));
  charkha::barrier b(1 + static_cast<std::ptrdiff_t>(seed % 4));
  std::multiset<std::ptrdiff_t> indices;
  std::vector<task<>> tasks;
  for (int i = 0; i < 6; ++i) tasks.push_back(create_task(take_part(b, indices, random)));
  co_await cancel_at_random(tasks, random, 40 + seed % 60, [&b] { b.abort(); });
  b.reset();
  CHECK(b.n_waiting() == 0);
  CHECK_FALSE(b.broken());
  // Nobody gets an index that the last one to come does not leave for him.
  barrier_rounds += indices.count(b.parties() - 1);
  for (std::ptrdiff_t i = 0; i + 1 < b.parties(); ++i) CHECK(indices.count(i) <= indices.count(b.parties() - 1));
}

// ---- the shared lock -------------------------------------------------------------------------------------------------

coro<> share(charkha::shared_lock& of, int& readers, int& writers, random_source& random) {
  for (int i = 0; i < 4; ++i) {
    co_await wander(random);
    const bool writes = random() % 3 == 0;
    if (writes) {
      co_await of.acquire();
    } else {
      co_await of.acquire_shared();
    }
    ++(writes ? writers : readers);
    CHECK(writers <= 1);
    CHECK((writers == 0 || readers == 0));
    bool cancelled = false;
    try {
      co_await wander(random);
    } catch (const cancelled_error&) {
      cancelled = true;
    }
    --(writes ? writers : readers);
    if (writes) {
      of.release();
    } else {
      of.release_shared();
    }
    if (cancelled) co_return;
  }
}

coro<> shared_lock_program(std::uint64_t seed) {
  random_source random(static_cast<unsigned>(seed));
  charkha::shared_lock l;
  int readers = 0, writers = 0;
  std::vector<task<>> tasks;
  for (int i = 0; i < 8; ++i) tasks.push_back(create_task(share(l, readers, writers, random)));
  co_await cancel_at_random(tasks, random, seed % 60, [] {});
  CHECK(l.readers() == 0);
  CHECK(l.try_acquire());
}

// ---- event and latch -------------------------------------------------------------------------------------------------

coro<> event_program(std::uint64_t seed) {
  random_source random(static_cast<unsigned>(seed));
  charkha::event e;
  charkha::latch all(6);
  int passed = 0;
  const auto body = [](charkha::event& at, charkha::latch& ended, int& count) -> coro<> {
    try {
      co_await at.wait();
      ++count;
    } catch (const cancelled_error&) {
    }
    ended.count_down();
  };
  std::vector<task<>> tasks;
  for (int i = 0; i < 6; ++i) tasks.push_back(create_task(body(e, all, passed)));
  for (const auto& each : tasks) co_await charkha::test::until_waits(each);
  const auto victim = random() % tasks.size();
  int cancelled = 0;
  for (std::uint64_t i = seed % 3; i > 0; --i) co_await charkha::yield();
  if (seed % 2 == 0) {
    tasks[victim].cancel();
    cancelled = 1;
  }
  e.set();
  e.clear();
  co_await all.wait();
  CHECK(passed == 6 - cancelled);
}

}  // namespace

TEST_CASE("lock: never two inside, in the order in which they asked, free in the end") { on_all_seeds(lock_program); }
TEST_CASE("semaphore: never more inside than permits, all permits back in the end") { on_all_seeds(semaphore_program); }
TEST_CASE("queue: nothing lost, nothing doubled, each producer's order kept") { on_all_seeds(queue_program); }
TEST_CASE("condition: no notification is lost beside somebody who waits for it") { on_all_seeds(condition_program); }
TEST_CASE("barrier: whole after any mixture of rounds and cancellations") {
  on_all_seeds(barrier_program);
  if (charkha::test::seeds(2).size() == 2) CHECK(barrier_rounds > 0);  // not one seed that is replayed
}
TEST_CASE("shared_lock: never a writer beside others, free in the end") { on_all_seeds(shared_lock_program); }
TEST_CASE("event: a set() reaches all who wait at that moment, but those who were cancelled") {
  on_all_seeds(event_program);
}

// ---- one cancellation, at every step ---------------------------------------------------------------------------------

namespace {

/// Stops the program once, by cancelling one task after `step` turns of main.
template <class Body>
coro<> cancelled_at(int step, std::size_t victim, std::size_t count, Body body) {
  std::vector<task<>> tasks;
  for (std::size_t i = 0; i < count; ++i) tasks.push_back(create_task(body()));
  for (int i = 0; i < step; ++i) co_await charkha::yield();
  tasks[victim].cancel();
  for (const auto& each : tasks) {
    try {
      co_await each;
    } catch (const cancelled_error&) {
    }
  }
}

}  // namespace

TEST_CASE("a lock and a semaphore around a turn, one of four tasks cancelled at step k: nothing stays taken") {
  for (const int workers : charkha::test::worker_counts) {
    for (int step = 0; step < 16; ++step) {
      for (std::size_t victim = 0; victim < 4; ++victim) {
        for (const auto seed : charkha::test::seeds(5)) {
          CAPTURE(workers);
          CAPTURE(step);
          CAPTURE(victim);
          CAPTURE(seed);
          charkha::lock l;
          charkha::semaphore s(2);
          const auto body = [&]() -> coro<> {
            for (int i = 0; i < 2; ++i) {
              const auto permit = co_await s.hold();
              const auto held = co_await l.hold();
              co_await charkha::yield();
            }
          };
          charkha::simulation({.workers = workers, .seed = seed}).run(cancelled_at(step, victim, 4, body));
          CHECK_FALSE(l.locked());
          CHECK(s.try_acquire());
          CHECK(s.try_acquire());
          CHECK_FALSE(s.try_acquire());
        }
      }
    }
  }
}
