// SPDX-License-Identifier: Apache-2.0
// SIZE times: an idle arena is given a function from outside; how long until its first instruction. With the variant
// "burst": 1,000 at once, until the last has begun.
#include <atomic>
#include <memory>
#include <thread>

#include "../support/onetbb_program.hpp"

int main(int argc, char** argv) {
  using steady = std::chrono::steady_clock;
  const auto args = compare::parse(argc, argv);
  const std::uint64_t burst = args.variant == "burst" ? 1000 : 1;
  const compare::onetbb_threads threads(args.workers + 1);
  tbb::task_arena arena(static_cast<int>(args.workers), 0);
  std::vector<double> microseconds;
  std::vector<std::unique_ptr<std::atomic<std::uint64_t>>> counters;  // kept: a notification may still be under way
  for (std::uint64_t round = 0; round < args.size; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    auto& left = *counters.emplace_back(std::make_unique<std::atomic<std::uint64_t>>(burst));
    steady::time_point ran;
    const auto submitted = steady::now();
    for (std::uint64_t i = 0; i < burst; ++i) {
      arena.enqueue([&left, &ran] {
        const auto now = steady::now();
        if (left.fetch_sub(1) != 1) return;
        ran = now;
        left.notify_one();
      });
    }
    for (auto now = left.load(); now != 0; now = left.load()) left.wait(now);
    microseconds.push_back(std::chrono::duration<double, std::micro>(ran - submitted).count());
  }
  compare::report_times(std::move(microseconds));
}
