// SPDX-License-Identifier: Apache-2.0
// Runs SIZE functions as tasks of one group and waits for all. A task cannot wait for anything: it is a call put off.
#include <numeric>

#include "../support/onetbb_program.hpp"

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const compare::onetbb_threads threads(args.workers);
  std::vector<std::uint64_t> given(args.size);
  const compare::stopwatch watch;
  tbb::task_group tasks;
  for (std::uint64_t i = 0; i < args.size; ++i) tasks.run([&given, i] { given[i] = i; });
  tasks.wait();
  const auto sum = std::accumulate(given.begin(), given.end(), std::uint64_t{0});
  compare::report(args.size, watch.seconds());
  compare::require(sum == args.size * (args.size - 1) / 2, "sum");
}
