// SPDX-License-Identifier: Apache-2.0
// SIZE tasks that sleep 10 s each; with the variant "random" between 1 and 10 s.
#include <charkha/charkha.hpp>

#include "sleepers.hpp"

namespace {

charkha::coro<> sleeper(std::chrono::milliseconds time) { co_await charkha::sleep(time); }

charkha::coro<> measure(std::uint64_t count, bool spread) {
  compare::random random;
  const compare::stopwatch watch;
  std::vector<charkha::task<>> tasks;
  tasks.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    tasks.push_back(
        charkha::create_task(sleeper(std::chrono::milliseconds(spread ? 1000 + random.below(9001) : 10'000))));
  }
  for (auto& task : tasks) co_await task;
  compare::report_sleepers(count, watch.seconds(), spread);
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args.size, args.variant == "random"), {.workers = static_cast<int>(args.workers)});
}
