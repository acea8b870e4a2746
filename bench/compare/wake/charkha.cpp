// SPDX-License-Identifier: Apache-2.0
// SIZE times: an idle runtime is given a task from outside; how long until its first instruction. With the variant
// "burst": 1,000 tasks at once, until the last has begun.
#include <charkha/charkha.hpp>

#include "arrivals.hpp"

namespace {

charkha::coro<> note(compare::arrivals& arrivals) {
  arrivals.note();
  co_return;
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::runtime runtime({.workers = static_cast<int>(args.workers)});
  compare::measure_arrivals(args,
                            [&](compare::arrivals& arrivals) { static_cast<void>(runtime.spawn(note(arrivals))); });
}
