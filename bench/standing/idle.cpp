// SPDX-License-Identifier: Apache-2.0
// standing_idle WORKERS SECONDS: what the threads of an idle runtime cost, with a task in it that sleeps for an hour:
// processor time, and how often they were scheduled. Fails if that is once a worker and second, or more.
#include <sys/resource.h>

#include <charkha/charkha.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

struct cost {
  double cpu_ms;
  long switches;
};

/// Of all threads of the process.
cost spent() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& of) {
    return static_cast<double>(of.tv_sec) * 1e3 + static_cast<double>(of.tv_usec) / 1e3;
  };
  return {ms(used.ru_utime) + ms(used.ru_stime), used.ru_nvcsw};
}

charkha::coro<> sleep_for_an_hour() { co_await charkha::sleep(std::chrono::hours(1)); }

}  // namespace

int main(int argc, char** argv) {
  const int workers = argc > 1 ? std::atoi(argv[1]) : 8;
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 60;
  if (workers < 1 || seconds < 1) {
    std::fputs("usage: standing_idle WORKERS SECONDS\n", stderr);
    return 2;
  }
  charkha::runtime runtime({.workers = workers});
  auto sleeper = runtime.spawn(sleep_for_an_hour());
  std::this_thread::sleep_for(std::chrono::seconds(1));  // until all are parked
  const cost before = spent();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const cost after = spent();
  const long switches = after.switches - before.switches - 1;  // this thread's
  std::printf("workers=%d seconds=%d cpu_ms=%.3f switches=%ld\n", workers, seconds, after.cpu_ms - before.cpu_ms,
              switches);
  sleeper.cancel();
  return switches < static_cast<long>(workers) * seconds ? 0 : 1;
}
