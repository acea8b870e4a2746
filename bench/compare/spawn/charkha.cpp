// SPDX-License-Identifier: Apache-2.0
// Creates SIZE tasks, holds all their handles, then awaits each.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

charkha::coro<std::uint64_t> give(std::uint64_t value) { co_return value; }

charkha::coro<> spawn(std::uint64_t count) {
  const compare::stopwatch watch;
  std::vector<charkha::task<std::uint64_t>> tasks;
  tasks.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) tasks.push_back(charkha::create_task(give(i)));
  std::uint64_t sum = 0;
  for (auto& task : tasks) sum += co_await task;
  compare::report(count, watch.seconds());
  compare::require(sum == count * (count - 1) / 2, "sum");
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(spawn(args.size), {.workers = static_cast<int>(args.workers)});
}
