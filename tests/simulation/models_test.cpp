// SPDX-License-Identifier: Apache-2.0
// A soak: long random sequences of operations by many tasks, cancellations among them, each compared at once with a
// plain sequential model of the primitive. A cancel request may come between an operation that wakes somebody and the
// turn of the one it woke (R31): then the model gives to the next one.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/crank.hpp"
#include "support/seeds.hpp"

namespace {

using charkha::coro;
using charkha::task;
using charkha::test::crank;
using random_source = std::minstd_rand;

constexpr int steps = 2'000;

/// The tasks of a soak: each does one operation and notes that it did, and with what.
struct soak {
  explicit soak(std::uint64_t seed) : random(static_cast<unsigned>(seed)) {}

  [[nodiscard]] std::size_t dice(std::size_t sides) { return random() % sides; }
  template <class Body>
  int start(const Body& body) {  // a coroutine with captures stays where it is
    const int id = next++;
    tasks.emplace(id, wheel.start(body(*this, id)));
    return id;
  }
  void note(int id, int with = 0) { happened.emplace_back(id, with); }

  /// One of those who wait, or -1.
  template <class Line>
  [[nodiscard]] int any_of(const Line& waiting) {
    if (waiting.empty()) return -1;
    return static_cast<int>(waiting[dice(waiting.size())].first);
  }
  void cancel(int id) {
    if (id >= 0) CHECK(tasks.at(id).cancel());
  }

  /// Lets everybody go as far as he can; then what happened is what the model says.
  void compare(const std::vector<std::pair<int, int>>& expected, const std::vector<int>& cancelled) {
    wheel.run();
    CHECK(happened == expected);
    for (const auto& [id, with] : happened) {
      CHECK_NOTHROW(tasks.at(id).result());
      tasks.erase(id);
    }
    for (const int id : cancelled) {
      CHECK(tasks.at(id).cancelled());
      tasks.erase(id);
    }
    for (const auto& [id, waiting] : tasks) CHECK_FALSE(waiting.done());
    happened.clear();
  }

  random_source random;
  crank wheel;
  std::map<int, task<>> tasks;  // that have not ended
  std::vector<std::pair<int, int>> happened;
  int next = 0;
};

/// Who waits, with what.
using line = std::deque<std::pair<int, int>>;

/// What an operation does, in the model.
struct effects {
  std::vector<std::pair<int, int>> happened;
  std::vector<int> cancelled;

  void cancel(line& waiting, int id) {
    const auto place = std::find_if(waiting.begin(), waiting.end(), [=](const auto& each) { return each.first == id; });
    if (place == waiting.end()) return;
    waiting.erase(place);
    cancelled.push_back(id);
  }
};

template <class Program>
void on_seeds(Program program) {
  for (const auto seed : charkha::test::seeds(20)) {
    CAPTURE(seed);
    program(seed);
  }
}

// ---- lock and semaphore: a lock is a semaphore with one permit -------------------------------------------------------

template <class Primitive>
coro<> acquire(Primitive& of, soak& notes, int id) {
  co_await of.acquire();
  notes.note(id);
}

template <class Primitive>
void permits_against_model(std::uint64_t seed, Primitive& real, int permits) {
  soak all(seed);
  int free = permits;
  line waiting;
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    effects expected;
    const auto kind = all.dice(8);
    if (kind < 3 && waiting.size() < 8) {
      const int id = all.start([&](soak& notes, int me) { return acquire(real, notes, me); });
      if (free > 0) {
        --free;
        expected.happened.emplace_back(id, 0);
      } else {
        waiting.emplace_back(id, 0);
      }
    } else if (kind == 3) {
      const bool got = real.try_acquire();
      CHECK(got == (free > 0));
      if (got) --free;
    } else if (kind == 4) {
      const int victim = all.any_of(waiting);
      all.cancel(victim);
      expected.cancel(waiting, victim);
    } else if (free < permits) {
      real.release();
      if (kind == 7) {  // and a cancel request, perhaps for the one who was given it
        const int victim = all.any_of(waiting);
        all.cancel(victim);
        expected.cancel(waiting, victim);
      }
      if (waiting.empty()) {
        ++free;
      } else {
        expected.happened.emplace_back(waiting.front());
        waiting.pop_front();
      }
    } else {
      CHECK_THROWS(real.release());
    }
    all.compare(expected.happened, expected.cancelled);
    CHECK(real.locked() == (free == 0));
  }
}

// ---- the event -------------------------------------------------------------------------------------------------------

void event_against_model(std::uint64_t seed) {
  charkha::event real;
  soak all(seed);
  bool is_set = false;
  line waiting;
  auto wait = [&](soak& notes, int me) -> coro<> {
    co_await real.wait();
    notes.note(me);
  };
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    effects expected;
    const auto kind = all.dice(8);
    if (kind < 4 && waiting.size() < 8) {
      const int id = all.start(wait);
      if (is_set) {
        expected.happened.emplace_back(id, 0);
      } else {
        waiting.emplace_back(id, 0);
      }
    } else if (kind == 4) {
      const int victim = all.any_of(waiting);
      all.cancel(victim);
      expected.cancel(waiting, victim);
    } else if (kind == 5) {
      real.clear();
      is_set = false;
    } else {
      real.set();
      if (kind == 6) real.clear();
      const int victim = all.any_of(waiting);
      all.cancel(victim);
      expected.cancel(waiting, victim);
      expected.happened.assign(waiting.begin(), waiting.end());
      waiting.clear();
      is_set = kind != 6;
    }
    all.compare(expected.happened, expected.cancelled);
    CHECK(real.is_set() == is_set);
  }
}

// ---- the queues ------------------------------------------------------------------------------------------------------

/// What a queue is: items, and those who wait with one or for one.
struct queue_model {
  std::size_t capacity;
  std::deque<int> items;
  line putters, getters;

  template <class Take>
  void settle(effects& expected, Take take) {
    for (bool moved = true; moved;) {
      moved = false;
      while (!items.empty() && !getters.empty()) {
        expected.happened.emplace_back(getters.front().first, take(items));
        getters.pop_front();
        moved = true;
      }
      while (items.size() < capacity && !putters.empty()) {
        expected.happened.push_back(putters.front());
        items.push_back(putters.front().second);
        putters.pop_front();
        moved = true;
      }
    }
  }
};

/// `take` gives the item that is next, and removes it.
template <class Queue, class Take>
void queue_against_model(std::uint64_t seed, Take take) {
  const std::size_t capacity = 1 + seed % 4;
  Queue real(capacity);
  soak all(seed);
  queue_model model{capacity, {}, {}, {}};
  int next_item = 0;
  auto put = [&](soak& notes, int me, int item) -> coro<> {
    co_await real.put(item);
    notes.note(me, item);
  };
  auto get = [&](soak& notes, int me) -> coro<> {
    const int item = co_await real.get();
    notes.note(me, item);
  };
  auto cancel_in = [&](line& waiting, effects& expected) {
    const int victim = all.any_of(waiting);
    all.cancel(victim);
    expected.cancel(waiting, victim);
  };
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    effects expected;
    const auto kind = all.dice(10);
    const int item = static_cast<int>(all.dice(50)) * 10'000 + next_item++;
    if (kind < 3 && model.putters.size() < 6) {
      const int id = all.start([&](soak& notes, int me) { return put(notes, me, item); });
      model.putters.emplace_back(id, item);
      if (kind == 2) all.wheel.run();
      if (kind == 2) model.settle(expected, take);
      if (kind == 2) cancel_in(model.getters, expected);
    } else if (kind < 6 && model.getters.size() < 6) {
      const int id = all.start([&](soak& notes, int me) { return get(notes, me); });
      model.getters.emplace_back(id, 0);
    } else if (kind == 6) {
      const bool is_room = model.items.size() < capacity && model.putters.empty();
      CHECK(real.try_put(item) == is_room);
      if (is_room) model.items.push_back(item);
      if (all.dice(2) == 0) cancel_in(model.getters, expected);  // perhaps the one who was promised the item
    } else if (kind == 7) {
      const auto got = real.try_get();
      CHECK(got.has_value() == !model.items.empty());
      if (got) CHECK(*got == take(model.items));
      if (all.dice(2) == 0) cancel_in(model.putters, expected);  // perhaps the one who was promised the slot
    } else if (kind == 8) {
      cancel_in(model.getters, expected);
    } else {
      cancel_in(model.putters, expected);
    }
    model.settle(expected, take);
    all.wheel.run();
    std::sort(all.happened.begin(), all.happened.end());  // who goes on is the model's; in which turn is the traces'
    std::sort(expected.happened.begin(), expected.happened.end());
    all.compare(expected.happened, expected.cancelled);
    CHECK(real.qsize() == model.items.size());
  }
}

int take_first(std::deque<int>& items) {
  const int item = items.front();
  items.pop_front();
  return item;
}
int take_last(std::deque<int>& items) {
  const int item = items.back();
  items.pop_back();
  return item;
}
int take_least(std::deque<int>& items) {
  const auto place = std::min_element(items.begin(), items.end());
  const int item = *place;
  items.erase(place);
  return item;
}

}  // namespace

TEST_CASE("lock: 2,000 operations, each as in the model") {
  on_seeds([](std::uint64_t seed) {
    charkha::lock real;
    permits_against_model(seed, real, 1);
  });
}
TEST_CASE("bounded_semaphore: 2,000 operations, each as in the model") {
  on_seeds([](std::uint64_t seed) {
    const int permits = 1 + static_cast<int>(seed % 4);
    charkha::bounded_semaphore real(permits);
    permits_against_model(seed, real, permits);
  });
}
TEST_CASE("event: 2,000 operations, each as in the model") { on_seeds(event_against_model); }
TEST_CASE("queue: 2,000 operations, each as in the model") {
  on_seeds([](std::uint64_t seed) { queue_against_model<charkha::queue<int>>(seed, take_first); });
}
TEST_CASE("lifo_queue: 2,000 operations, each as in the model") {
  on_seeds([](std::uint64_t seed) { queue_against_model<charkha::lifo_queue<int>>(seed, take_last); });
}
TEST_CASE("priority_queue: 2,000 operations, each as in the model") {
  on_seeds([](std::uint64_t seed) { queue_against_model<charkha::priority_queue<int>>(seed, take_least); });
}
