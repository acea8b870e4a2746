// SPDX-License-Identifier: Apache-2.0
// The core paths, for counting instructions: PATH COUNT goes down one of them COUNT times on one worker; --list names
// them. check.py runs each under callgrind with two counts: the difference is what the path takes, without the start.
#include <charkha/charkha.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using charkha::coro;
using std::uint64_t;

coro<uint64_t> one() { co_return 1; }

coro<uint64_t> yield_and_one() {
  co_await charkha::yield();
  co_return 1;
}

coro<> await_coro(uint64_t count) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < count; ++i) sum += co_await one();
  if (sum != count) std::abort();
}

coro<> create_and_await(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    auto task = charkha::create_task(one());
    co_await task;
  }
}

coro<> create_all_then_await(uint64_t count) {
  std::vector<charkha::task<uint64_t>> tasks;
  tasks.reserve(count);
  for (uint64_t i = 0; i < count; ++i) tasks.push_back(charkha::create_task(one()));
  for (auto& task : tasks) co_await task;
}

coro<> yield(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) co_await charkha::yield();
}

coro<> when_all_of_two(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    const auto both = co_await charkha::when_all(one(), one());
    static_cast<void>(both);
  }
}

coro<> gather_of_two(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    const auto both = co_await charkha::gather(one(), one());
    static_cast<void>(both);
  }
}

coro<> answer(uint64_t count, charkha::event& mine, charkha::event& other) {
  for (uint64_t i = 0; i < count; ++i) {
    co_await mine.wait();
    mine.clear();
    other.set();
  }
}

coro<> ping_pong_by_event(uint64_t count) {
  charkha::event there, back;
  auto other = charkha::create_task(answer(count, there, back));
  for (uint64_t i = 0; i < count; ++i) {
    there.set();
    co_await back.wait();
    back.clear();
  }
  co_await other;
}

coro<> timeout_around_ready(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) co_await charkha::timeout(60s, one());
}

coro<> timeout_around_yield(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) co_await charkha::timeout(60s, yield_and_one());
}

coro<> timer_arm_and_cancel(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    auto handle = charkha::call_later(60s, [] {});
    handle.cancel();
  }
  co_return;
}

coro<> lock(uint64_t count) {
  charkha::lock l;
  for (uint64_t i = 0; i < count; ++i) const auto guard = co_await l.hold();
}

coro<> hold_and_yield(uint64_t count, charkha::lock& l) {
  for (uint64_t i = 0; i < count; ++i) {
    const auto guard = co_await l.hold();
    co_await charkha::yield();
  }
}

/// Four tasks take turns: each waits for the lock, and is handed it.
coro<> lock_handed_over(uint64_t count) {
  charkha::lock l;
  std::vector<charkha::task<>> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(charkha::create_task(hold_and_yield(count / 4, l)));
  for (auto& task : tasks) co_await task;
}

coro<> semaphore(uint64_t count) {
  charkha::semaphore permits(1);
  for (uint64_t i = 0; i < count; ++i) const auto guard = co_await permits.hold();
}

coro<> queue(uint64_t count) {
  charkha::queue<uint64_t> q(16);
  for (uint64_t i = 0; i < count; ++i) {
    co_await q.put(i);
    co_await q.get();
  }
}

coro<> put_all(uint64_t count, charkha::queue<uint64_t>& q) {
  for (uint64_t i = 0; i < count; ++i) co_await q.put(i);
}

/// One place: each message finds the other side waiting.
coro<> queue_handed_over(uint64_t count) {
  charkha::queue<uint64_t> q(1);
  auto producer = charkha::create_task(put_all(count, q));
  for (uint64_t i = 0; i < count; ++i) co_await q.get();
  co_await producer;
}

coro<> future_set_and_await(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    auto value = charkha::create_future<uint64_t>();
    value.set_result(i);
    co_await value;
  }
}

struct path {
  std::string_view name;
  coro<> (*go)(uint64_t);
};

constexpr path paths[] = {
    {"await_coro", await_coro},
    {"create_and_await", create_and_await},
    {"create_all_then_await", create_all_then_await},
    {"yield", yield},
    {"when_all_of_two", when_all_of_two},
    {"gather_of_two", gather_of_two},
    {"ping_pong_by_event", ping_pong_by_event},
    {"timeout_around_ready", timeout_around_ready},
    {"timeout_around_yield", timeout_around_yield},
    {"timer_arm_and_cancel", timer_arm_and_cancel},
    {"lock", lock},
    {"lock_handed_over", lock_handed_over},
    {"semaphore", semaphore},
    {"queue", queue},
    {"queue_handed_over", queue_handed_over},
    {"future_set_and_await", future_set_and_await},
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  for (const auto& each : paths) {
    if (wanted == "--list") {
      std::printf("%.*s\n", static_cast<int>(each.name.size()), each.name.data());
    } else if (wanted == each.name && argc == 3) {
      charkha::run(each.go(std::strtoull(argv[2], nullptr, 10)), {.workers = 1});
      return 0;
    }
  }
  if (wanted == "--list") return 0;
  std::fprintf(stderr, "usage: paths --list | PATH COUNT\n");
  return 2;
}
