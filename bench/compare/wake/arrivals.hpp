// SPDX-License-Identifier: Apache-2.0
// When the last of so many tasks began.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "../support/program.hpp"

namespace compare {

class arrivals {
 public:
  explicit arrivals(std::uint64_t count) : left_(count) {}

  /// A task has begun. The waiter waits for the time itself, which is written last.
  void note() {
    const auto now = clock::now().time_since_epoch().count();
    if (left_.fetch_sub(1) != 1) return;
    at_.store(now);
    at_.notify_one();
  }

  /// In microseconds since `begin`.
  [[nodiscard]] double wait(std::chrono::steady_clock::time_point begin) const {
    at_.wait(0);
    const double time =
        std::chrono::duration<double, std::micro>(clock::duration(at_.load()) - begin.time_since_epoch()).count();
    require(time >= 0, "it ran before it was submitted");
    return time;
  }

 private:
  using clock = std::chrono::steady_clock;
  std::atomic<std::uint64_t> left_;
  std::atomic<clock::rep> at_{0};
};

/// SIZE times: waits until all threads are asleep, lets submit(arrivals) hand over `count` tasks, each of which notes its
/// arrival, and measures until the last one has begun. All arrivals are kept: a notification may still be under way.
template <class Submit>
void measure_arrivals(const arguments& args, Submit submit) {
  const std::uint64_t count = args.variant == "burst" ? 1000 : 1;
  std::vector<std::unique_ptr<arrivals>> all;
  std::vector<double> microseconds;
  for (std::uint64_t round = 0; round < args.size; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    auto& mine = *all.emplace_back(std::make_unique<arrivals>(count));
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < count; ++i) submit(mine);
    microseconds.push_back(mine.wait(begin));
  }
  report_times(std::move(microseconds));
}

}  // namespace compare
