// SPDX-License-Identifier: Apache-2.0
// Random programs over oneshot, watch and broadcast, in simulation: tasks cancelled at any moment, ends that go at any
// moment, on 1 to 8 workers. Whatever happens, a value is received once or accounted for, and everybody ends.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/seeds.hpp"

namespace {

using charkha::cancelled_error;
using charkha::channel_closed;
using charkha::coro;
using charkha::create_task;
using charkha::task;
using random_source = std::minstd_rand;

coro<> wander(random_source& random) {
  for (auto turns = random() % 4; turns > 0; --turns) co_await charkha::yield();
}

/// Cancels tasks at random for a while, then all of them until they have ended: some wait for each other.
coro<> harass(std::vector<task<>>& tasks, random_source& random, int patience) {
  for (int i = 0; i < patience; ++i) {
    co_await charkha::yield();
    if (random() % 4 == 0) tasks[random() % tasks.size()].cancel();
  }
  for (const auto& each : tasks) {
    while (!each.done()) {
      each.cancel();
      co_await charkha::yield();
    }
    CHECK((each.cancelled() || each.exception() == nullptr));
  }
}

template <class Program>
void on_all_seeds(Program program) {
  for (const int workers : charkha::test::worker_counts) {
    CAPTURE(workers);
    for (const auto seed : charkha::test::seeds(200)) {
      CAPTURE(seed);
      charkha::simulation({.workers = workers, .seed = seed}).run(program(seed));
    }
  }
}

// ---- the oneshot -----------------------------------------------------------------------------------------------------

struct exchange {
  charkha::oneshot_ends<int> ends = charkha::create_oneshot<int>();
  int accepted = 0, received = 0, closed = 0;
  bool was_told = false;
};

coro<> send_one(exchange& of, random_source& random) {
  auto sender = std::move(of.ends.sender);  // goes with this task, sent or not
  co_await wander(random);
  if (random() % 4 == 0) {
    co_await sender.closed();
    of.was_told = true;
    CHECK_FALSE(sender.send(1));
  } else if (sender.send(1)) {
    ++of.accepted;
  }
}

coro<> receive_one(exchange& of, random_source& random) {
  auto receiver = std::move(of.ends.receiver);
  co_await wander(random);
  if (random() % 4 == 0) receiver.close();
  for (int attempt = 0; attempt < 3; ++attempt) {
    bool cancelled = false;
    try {
      of.received += co_await receiver.receive();
      co_return;
    } catch (const channel_closed&) {
      ++of.closed;
      co_return;
    } catch (const cancelled_error&) {
      cancelled = true;  // tries again: nothing may be lost
    }
    CHECK(cancelled);
  }
}

coro<> oneshot_program(std::uint64_t seed) {
  random_source random(static_cast<unsigned>(seed));
  std::vector<std::unique_ptr<exchange>> all;
  std::vector<task<>> tasks;
  for (int i = 0; i < 4; ++i) {
    all.push_back(std::make_unique<exchange>());
    tasks.push_back(create_task(send_one(*all.back(), random)));
    tasks.push_back(create_task(receive_one(*all.back(), random)));
  }
  co_await harass(tasks, random, static_cast<int>(seed % 20));
  for (const auto& each : all) {
    CHECK(each->received <= each->accepted);
    CHECK(each->received + each->closed <= 1);
    if (each->was_told) CHECK(each->received == 0);
  }
}

// ---- the watch -------------------------------------------------------------------------------------------------------

coro<> follow(charkha::watch_receiver<int> seen, int& last) {
  try {
    for (;;) {
      co_await seen.changed();
      const int now = seen.get();
      CHECK(now > last);
      last = now;
    }
  } catch (const channel_closed&) {
    CHECK(seen.get() == last);
  }
}

coro<> change(charkha::watch<int>& of, int& value, random_source& random) {
  for (int i = 0; i < 5; ++i) {
    co_await wander(random);
    of.send(++value);
  }
}

coro<> watch_program(std::uint64_t seed) {
  random_source random(static_cast<unsigned>(seed));
  int value = 0;
  std::optional<charkha::watch<int>> w(std::in_place, value);
  std::vector<int> last(5, 0);
  std::vector<task<>> followers, changers;
  for (int& each : last) followers.push_back(create_task(follow(w->subscribe(), each)));
  for (int i = 0; i < 2; ++i) changers.push_back(create_task(change(*w, value, random)));
  for (std::uint64_t i = 0; i < seed % 30; ++i) {
    co_await charkha::yield();
    if (random() % 8 == 0) followers[random() % followers.size()].cancel();
  }
  co_await charkha::gather(changers);
  w.reset();
  co_await charkha::wait(followers);
  for (std::size_t i = 0; i < last.size(); ++i) {
    if (!followers[i].cancelled()) CHECK(last[i] == value);
  }
}

// ---- the broadcast ---------------------------------------------------------------------------------------------------

struct listener {
  int expected = 0;  // the next message
  std::uint64_t received = 0, missed = 0;
};

coro<> listen(charkha::broadcast_receiver<int> inbox, listener& me, random_source& random) {
  try {
    for (;;) {
      bool again = false;
      try {
        const int got = co_await inbox.receive();
        CHECK(got == me.expected);
        ++me.expected;
        ++me.received;
      } catch (const charkha::broadcast_lagged& lagged) {
        me.missed += lagged.missed();
        me.expected += static_cast<int>(lagged.missed());
      } catch (const cancelled_error&) {
        again = true;  // a cancelled wait has lost nothing
      }
      if (!again && random() % 3 == 0) {
        try {
          co_await wander(random);
        } catch (const cancelled_error&) {
        }
      }
    }
  } catch (const channel_closed&) {
  }
}

coro<> broadcast_program(std::uint64_t seed) {
  random_source random(static_cast<unsigned>(seed));
  charkha::broadcast<int> news(1 + seed % 4);
  std::vector<listener> listeners(4);
  std::vector<task<>> tasks;
  for (auto& each : listeners) tasks.push_back(create_task(listen(news.subscribe(), each, random)));
  const int sent = 30;
  for (int i = 0; i < sent; ++i) {
    news.send(i);
    if (random() % 2 == 0) co_await charkha::yield();
    if (random() % 8 == 0) tasks[random() % tasks.size()].cancel();
  }
  news.close();
  co_await charkha::wait(tasks);
  CHECK(news.receiver_count() == 0);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!tasks[i].cancelled()) CHECK(listeners[i].received + listeners[i].missed == sent);
  }
}

}  // namespace

TEST_CASE("oneshot: a value that was taken is received once, and an end that goes ends the other's wait") {
  on_all_seeds(oneshot_program);
}
TEST_CASE("watch: values are seen in order, and the last one by all") { on_all_seeds(watch_program); }
TEST_CASE("broadcast: each receiver has every message in order, or is told how many it missed") {
  on_all_seeds(broadcast_program);
}
