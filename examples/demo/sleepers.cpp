// SPDX-License-Identifier: Apache-2.0
#include "sleepers.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <charkha/charkha.hpp>

namespace demo {

namespace {

using namespace std::chrono_literals;
using time_point = charkha::clock::time_point;

// Not inlined: the stream would become part of each sleeper's frame, half a kilobyte a million times.
[[gnu::noinline]] std::int64_t resident_bytes() {
  std::int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double seconds_between(time_point from, time_point to) { return std::chrono::duration<double>(to - from).count(); }

/// What the sleepers of one night share.
struct dormitory {
  explicit dormitory(std::size_t count) : woke_at(count) {}

  time_point deadline;
  std::atomic<std::size_t> asleep{0};
  time_point all_asleep_at;  // these two: written by the task that goes to sleep last
  std::int64_t resident_all_asleep = 0;
  std::vector<time_point> woke_at;  // each written by its own task
};

charkha::coro<> sleeper(dormitory& room, std::size_t index) {
  if (room.asleep.fetch_add(1, std::memory_order_acq_rel) + 1 == room.woke_at.size()) {
    room.all_asleep_at = charkha::clock::now();
    room.resident_all_asleep = resident_bytes();
  }
  co_await charkha::sleep_until(room.deadline);
  room.woke_at[index] = charkha::clock::now();
}

/// False: they were not all asleep at the same time, since creating them took longer than they slept.
charkha::coro<bool> one_night(terminal& out, dormitory& room, std::vector<charkha::task<>>& tasks,
                              std::chrono::milliseconds time) {
  const std::size_t count = room.woke_at.size(), step = std::max<std::size_t>(count / 100, 1);
  const auto start = charkha::clock::now();
  room.deadline = start + time;
  for (std::size_t i = 0; i < count; ++i) {
    tasks.push_back(charkha::create_task(sleeper(room, i)));
    if (i % step != 0) continue;
    out.progress("creating", static_cast<double>(i) / static_cast<double>(count));
    co_await charkha::yield();
  }
  const auto created = charkha::clock::now();
  if (created < room.deadline) {
    out.line("  created in " + fixed(seconds_between(start, created), 2) + " s");
  }
  for (auto now = created; now < room.deadline; now = charkha::clock::now()) {
    out.progress("asleep", seconds_between(created, now) / seconds_between(created, room.deadline));
    co_await charkha::sleep(50ms);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (i % step == 0) out.progress("waking", static_cast<double>(i) / static_cast<double>(count));
    co_await tasks[i];
  }
  tasks.clear();
  co_return room.all_asleep_at < room.deadline;
}

}  // namespace

bool show_sleepers(terminal& out, std::size_t count, std::chrono::milliseconds time) {
  out.heading("2. " + grouped(count) + " tasks, all asleep at once");
  dormitory room(count);
  std::vector<charkha::task<>> tasks;
  tasks.reserve(count);
  charkha::runtime runtime;

  const std::int64_t resident_before = resident_bytes();
  const double cpu_before = cpu_seconds();
  const auto start = charkha::clock::now();
  while (!runtime.spawn(one_night(out, room, tasks, time)).get()) {
    time *= 2;
    out.line("  the first woke before the last was asleep; once more, asleep for " +
             fixed(1e-3 * static_cast<double>(time.count()), 1) + " s");
    room.asleep = 0;
    std::fill(room.woke_at.begin(), room.woke_at.end(), time_point());
  }
  const auto end = charkha::clock::now();

  const auto woken =
      std::count_if(room.woke_at.begin(), room.woke_at.end(), [](time_point at) { return at != time_point(); });
  const auto early =
      std::count_if(room.woke_at.begin(), room.woke_at.end(), [&](time_point at) { return at < room.deadline; });
  const auto last = *std::max_element(room.woke_at.begin(), room.woke_at.end());
  const auto bytes = (room.resident_all_asleep - resident_before) / static_cast<std::int64_t>(count);
  out.line("  all asleep " + fixed(seconds_between(room.all_asleep_at, room.deadline), 2) +
           " s before their time, in " + grouped(static_cast<std::uint64_t>(bytes)) + " bytes each");
  out.line("    (the process's resident memory at that moment, less that before the first, by their number)");
  out.line("  all awake " + fixed(seconds_between(room.deadline, last), 2) + " s after it");
  out.line("  wall time " + fixed(seconds_between(start, end), 2) + " s, CPU time " +
           fixed(cpu_seconds() - cpu_before, 2) + " s on " + std::to_string(runtime.worker_count()) + " workers");
  return out.verdict(static_cast<std::size_t>(woken) == count && early == 0,
                     grouped(static_cast<std::uint64_t>(woken)) + " of " + grouped(count) + " woke, " +
                         (early == 0 ? "none" : grouped(static_cast<std::uint64_t>(early))) + " of them early");
}

}  // namespace demo
