// SPDX-License-Identifier: Apache-2.0
// SIZE tasks that sleep 10 s each; with the variant "brief" 2 s, with "random" between 1 and 10 s.
#include "sleepers.hpp"

#include <charkha/charkha.hpp>

namespace {

charkha::coro<> sleeper(std::chrono::milliseconds time) { co_await charkha::sleep(time); }

charkha::coro<> measure(const compare::arguments& args) {
  compare::sleepers sleepers(args);
  const compare::stopwatch watch;
  std::vector<charkha::task<>> tasks;
  tasks.reserve(args.size);
  for (std::uint64_t i = 0; i < args.size; ++i) tasks.push_back(charkha::create_task(sleeper(sleepers.pause())));
  for (auto& task : tasks) co_await task;
  sleepers.report(watch.seconds());
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args), {.workers = static_cast<int>(args.workers)});
}
