// SPDX-License-Identifier: Apache-2.0
// What operations cost other processors, counted and not timed: read-modify-writes, sequentially consistent stores, and
// writes to a cache line that another thread wrote last. The library is compiled so that each access is counted. The
// numbers are per operation in the long run: two runs of different length, their difference.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "accesses.hpp"
#include "charkha/charkha.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::coro;
using charkha::bench::accesses;
using body = coro<> (*)(std::uint64_t);

struct cost {
  double read_modify_writes = 0, ordered_stores = 0, taken_lines = 0;
};

coro<> side_by_side(body each, std::uint64_t count, int tasks) {
  std::vector<charkha::task<>> all;
  for (int i = 0; i < tasks; ++i) all.push_back(charkha::create_task(each(count)));
  co_await charkha::gather(all);
}

accesses total_of(body each, std::uint64_t count, int workers, int tasks) {
  const auto before = accesses::so_far();
  charkha::run(side_by_side(each, count, tasks), {.workers = workers});
  const auto after = accesses::so_far();
  return {after.read_modify_writes - before.read_modify_writes, after.ordered_stores - before.ordered_stores,
          after.taken_lines - before.taken_lines};
}

/// Of one operation, when so many tasks do it on so many workers.
cost cost_of(body each, std::uint64_t count, int workers, int tasks) {
  const auto brief = total_of(each, count, workers, tasks);
  const auto large = total_of(each, 3 * count, workers, tasks);
  const double operations = 2.0 * static_cast<double>(count) * tasks;
  const auto part = [&](std::uint64_t more, std::uint64_t less) {
    return (static_cast<double>(more) - static_cast<double>(less)) / operations;
  };
  return {part(large.read_modify_writes, brief.read_modify_writes), part(large.ordered_stores, brief.ordered_stores),
          part(large.taken_lines, brief.taken_lines)};
}

coro<int> one() { co_return 1; }

coro<> yields(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) co_await charkha::yield();
}
coro<> creates(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto task = charkha::create_task(one());
    co_await task;
  }
}
coro<> forks(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto both = co_await charkha::when_all(one(), one());
    static_cast<void>(both);
  }
}
coro<> gathers(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto both = co_await charkha::gather(one(), one());
    static_cast<void>(both);
  }
}
coro<> answers(std::uint64_t count, charkha::event& mine, charkha::event& other) {
  for (std::uint64_t i = 0; i < count; ++i) {
    co_await mine.wait();
    mine.clear();
    other.set();
  }
}
coro<> ping_pongs(std::uint64_t count) {
  charkha::event there, back;
  const auto other = charkha::create_task(answers(count, there, back));
  for (std::uint64_t i = 0; i < count; ++i) {
    there.set();
    co_await back.wait();
    back.clear();
  }
  co_await other;
}
coro<> time_outs(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) static_cast<void>(co_await charkha::timeout(60s, one()));
}
coro<> timers(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto handle = charkha::call_later(60s, [] {});
    handle.cancel();
  }
  co_return;
}
coro<> locks(std::uint64_t count) {
  charkha::lock mine;
  for (std::uint64_t i = 0; i < count; ++i) const auto guard = co_await mine.hold();
}
coro<> queues(std::uint64_t count) {
  charkha::queue<std::uint64_t> mine(16);
  for (std::uint64_t i = 0; i < count; ++i) {
    co_await mine.put(i);
    static_cast<void>(co_await mine.get());
  }
}
coro<> futures(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto value = charkha::create_future<std::uint64_t>();
    value.set_result(i);
    co_await value;
  }
}

// No more than these. Whoever lowers one writes it down here.
struct expectation {
  const char* name;
  body each;
  double alone;     // read-modify-writes, by one worker, which has no thieves
  double together;  // those and ordered stores, by several
};

constexpr expectation all[]{
    {"yield", yields, 0, 2},
    {"create and await", creates, 11, 15},
    {"when_all of two", forks, 0, 3},
    {"gather of two", gathers, 23, 31},
    {"ping-pong by event", ping_pongs, 10, 14},
    {"time-out around what is ready", time_outs, 2, 2},
    {"timer armed and cancelled", timers, 3, 3},
    {"lock", locks, 2, 2},
    {"queue, put and get", queues, 2, 2},
    {"future, set and awaited", futures, 8, 8},
};

constexpr double lines = 0.1;  // taken from others: what is left of stealing and of the ends of a run

// None of the paths but the first does without: where nothing is found nothing was looked at.
bool counts(const expectation& each, const cost& found) {
  return each.together == 0 || found.read_modify_writes + found.ordered_stores > 0.5;
}

bool holds(const expectation& each, int workers, const cost& found) {
  if (workers > 1 && !counts(each, found)) return false;
  if (workers == 1) return found.read_modify_writes <= each.alone + 0.2;
  return found.read_modify_writes + found.ordered_stores <= each.together + 0.2 && found.taken_lines < lines;
}

// Prints what was found. True: it is no more than was expected. Where another program holds a worker up its tasks are
// stolen, which costs more: so it is tried a few times.
bool check(const expectation& each, int workers) {
  constexpr int attempts = 10;
  cost found;
  bool right = false;
  for (int i = 0; i < attempts && !right; ++i) {
    found = cost_of(each.each, 2000, workers, 4 * workers);
    right = holds(each, workers, found);
  }
  std::printf("%-30s %7d %10.2f %10.2f %10.3f%s\n", each.name, workers, found.read_modify_writes, found.ordered_stores,
              found.taken_lines, right ? "" : "  not as expected");
  return right;
}

}  // namespace

int main() {
  std::printf("of one operation               workers       RMWs     stores      lines\n");
  bool right = true;
  for (const auto& each : all) {
    for (const int workers : {1, 2, 8}) right = check(each, workers) && right;
  }
  return right ? 0 : 1;
}
