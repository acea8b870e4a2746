// SPDX-License-Identifier: Apache-2.0
// SIZE times: a thread that waits for work on a condition variable is given some; how long until its first instruction.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "../support/program.hpp"

int main(int argc, char** argv) {
  using steady = std::chrono::steady_clock;
  const auto args = compare::parse(argc, argv);
  if (!args.variant.empty()) compare::cannot();
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t submitted = 0, ran = 0;
  steady::time_point at;
  std::thread worker([&] {
    std::unique_lock lock(mutex);
    while (ran < args.size) {
      changed.wait(lock, [&] { return submitted > ran; });
      at = steady::now();
      ++ran;
      changed.notify_all();
    }
  });
  std::vector<double> microseconds;
  for (std::uint64_t round = 0; round < args.size; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const auto begin = steady::now();
    std::unique_lock lock(mutex);
    ++submitted;
    lock.unlock();
    changed.notify_all();
    lock.lock();
    changed.wait(lock, [&] { return ran == submitted; });
    microseconds.push_back(std::chrono::duration<double, std::micro>(at - begin).count());
  }
  worker.join();
  compare::report_times(std::move(microseconds));
}
