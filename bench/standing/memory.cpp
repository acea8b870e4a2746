// SPDX-License-Identifier: Apache-2.0
// standing_memory WORKERS ROUNDS TASKS: what is resident after each round in which TASKS tasks are created, held and
// awaited. Fails if the last round leaves half as much again as the third, and 8 MiB more.
#include <unistd.h>

#include <charkha/charkha.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

namespace {

double resident_mib() {
  long all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

charkha::coro<int> one() { co_return 1; }

charkha::coro<> round(std::size_t count) {
  std::vector<charkha::task<int>> tasks;
  tasks.reserve(count);
  for (std::size_t i = 0; i < count; ++i) tasks.push_back(charkha::create_task(one()));
  for (auto& task : tasks) static_cast<void>(co_await task);
}

charkha::coro<int> measure(int rounds, std::size_t count) {
  double third = 0, last = 0;
  for (int i = 1; i <= rounds; ++i) {
    co_await round(count);
    last = resident_mib();
    std::printf("round=%d resident_mib=%.1f\n", i, last);
    if (i == 3) third = last;
  }
  co_return last < third * 1.5 + 8 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const int workers = argc > 1 ? std::atoi(argv[1]) : 2;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 100;
  const auto count = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1'000'000;
  if (workers < 1 || rounds < 4 || count < 1) {
    std::fputs("usage: standing_memory WORKERS ROUNDS TASKS, at least 4 rounds\n", stderr);
    return 2;
  }
  return charkha::run(measure(rounds, count), {.workers = workers});
}
