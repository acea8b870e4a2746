// SPDX-License-Identifier: Apache-2.0
// SIZE times: an idle runtime is given a task from outside; how long until its first instruction. With the variant
// "burst": 1,000 tasks at once, until the last has begun.
#include <atomic>
#include <charkha/charkha.hpp>
#include <thread>

#include "../support/program.hpp"

namespace {

using steady = std::chrono::steady_clock;

charkha::coro<> note(std::atomic<std::uint64_t>& left, steady::time_point& at) {
  const auto now = steady::now();
  if (left.fetch_sub(1) == 1) {
    at = now;
    left.notify_one();
  }
  co_return;
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const std::uint64_t burst = args.variant == "burst" ? 1000 : 1;
  charkha::runtime runtime({.workers = static_cast<int>(args.workers)});
  std::vector<double> microseconds;
  for (std::uint64_t round = 0; round < args.size; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // until all workers are asleep
    std::atomic<std::uint64_t> left{burst};
    steady::time_point ran;
    const auto submitted = steady::now();
    for (std::uint64_t i = 0; i < burst; ++i) static_cast<void>(runtime.spawn(note(left, ran)));
    for (auto now = left.load(); now != 0; now = left.load()) left.wait(now);
    microseconds.push_back(std::chrono::duration<double, std::micro>(ran - submitted).count());
    static_cast<void>(runtime);
  }
  compare::report_times(std::move(microseconds));
}
