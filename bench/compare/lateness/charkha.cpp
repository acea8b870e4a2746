// SPDX-License-Identifier: Apache-2.0
// SIZE tasks that sleep between 1 and 100 ms, all started at once: how late each wakes.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

charkha::coro<double> lateness(std::chrono::microseconds time) {
  const auto begin = std::chrono::steady_clock::now();
  co_await charkha::sleep(time);
  co_return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin - time).count();
}

charkha::coro<> measure(std::uint64_t count) {
  compare::random random;
  std::vector<std::chrono::microseconds> times;
  for (std::uint64_t i = 0; i < count; ++i) times.emplace_back(1000 + random.below(99'001));
  std::vector<charkha::task<double>> tasks;
  for (const auto time : times) tasks.push_back(charkha::create_task(lateness(time)));
  std::vector<double> late;
  for (auto& task : tasks) late.push_back(co_await task);
  compare::require(*std::min_element(late.begin(), late.end()) >= 0, "woken early");
  compare::report_times(std::move(late));
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args.size), {.workers = static_cast<int>(args.workers)});
}
