// SPDX-License-Identifier: Apache-2.0
// SIZE timers of 10 s; with the variant "random" of 1 to 10 s. Callbacks: there are no tasks to put to sleep.
#include <uv.h>

#include "sleepers.hpp"

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const bool spread = args.variant == "random";
  compare::random random;
  static std::uint64_t fired = 0;
  uv_loop_t* const loop = uv_default_loop();
  std::vector<uv_timer_t> timers(args.size);
  const compare::stopwatch watch;
  for (auto& timer : timers) {
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, [](uv_timer_t*) { ++fired; }, spread ? 1000 + random.below(9001) : 10'000, 0);
  }
  uv_run(loop, UV_RUN_DEFAULT);
  compare::report_sleepers(args.size, watch.seconds(), spread);
  compare::require(fired == args.size, "fired");
}
