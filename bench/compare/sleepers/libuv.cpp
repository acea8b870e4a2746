// SPDX-License-Identifier: Apache-2.0
// SIZE timers of 10 s; with the variant "brief" of 2 s, with "random" of 1 to 10 s. Callbacks: there are no tasks to put
// to sleep.
#include "sleepers.hpp"

#include <uv.h>

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  compare::sleepers sleepers(args);
  static std::uint64_t fired = 0;
  uv_loop_t* const loop = uv_default_loop();
  std::vector<uv_timer_t> timers(args.size);
  const compare::stopwatch watch;
  for (auto& timer : timers) {
    uv_timer_init(loop, &timer);
    const auto pause = static_cast<std::uint64_t>(sleepers.pause().count());
    uv_timer_start(&timer, [](uv_timer_t*) { ++fired; }, pause, 0);
  }
  uv_run(loop, UV_RUN_DEFAULT);
  sleepers.report(watch.seconds());
  compare::require(fired == args.size, "fired");
}
