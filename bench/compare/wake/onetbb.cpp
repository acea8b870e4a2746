// SPDX-License-Identifier: Apache-2.0
// SIZE times: an idle arena is given a function from outside; how long until its first instruction. With the variant
// "burst": 1,000 at once, until the last has begun.
#include "../support/onetbb_program.hpp"
#include "arrivals.hpp"

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const compare::onetbb_threads threads(args.workers + 1);  // the calling thread counts, and does not work
  tbb::task_arena arena(static_cast<int>(args.workers), 0);
  compare::measure_arrivals(args,
                            [&](compare::arrivals& arrivals) { arena.enqueue([&arrivals] { arrivals.note(); }); });
}
