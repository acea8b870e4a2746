// SPDX-License-Identifier: Apache-2.0
// SIZE times: an idle loop is given a coroutine from outside; how long until its first instruction. With the variant
// "burst": 1,000 at once, until the last has begun.
#include "../support/asio_program.hpp"

namespace {

using steady = std::chrono::steady_clock;

compare::awaitable<void> note(std::atomic<std::uint64_t>& left, steady::time_point& at) {
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
  compare::loop.emplace(static_cast<int>(args.workers));
  auto work = asio::make_work_guard(*compare::loop);
  std::thread runs([&] { compare::run_loop(args.workers); });
  std::vector<double> microseconds;
  std::vector<std::unique_ptr<std::atomic<std::uint64_t>>> counters;  // kept: a notification may still be under way
  for (std::uint64_t round = 0; round < args.size; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    auto& left = *counters.emplace_back(std::make_unique<std::atomic<std::uint64_t>>(burst));
    steady::time_point ran;
    const auto submitted = steady::now();
    for (std::uint64_t i = 0; i < burst; ++i) asio::co_spawn(*compare::loop, note(left, ran), compare::detached);
    for (auto now = left.load(); now != 0; now = left.load()) left.wait(now);
    microseconds.push_back(std::chrono::duration<double, std::micro>(ran - submitted).count());
  }
  compare::report_times(std::move(microseconds));
  work.reset();
  runs.join();
}
