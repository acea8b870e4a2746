// SPDX-License-Identifier: Apache-2.0
// SIZE timers of 1 to 100 ms, all started at once: how late each fires. They count whole milliseconds from when the loop
// last looked at the clock, so they may fire early.
#include <uv.h>

#include "../support/program.hpp"

namespace {

struct sleeper {
  uv_timer_t timer;
  std::uint64_t begin, milliseconds;
};

std::vector<double> late;

void fired(uv_timer_t* timer) {
  const auto* const mine = static_cast<const sleeper*>(timer->data);
  late.push_back(static_cast<double>(uv_hrtime() - mine->begin) / 1e3 - static_cast<double>(mine->milliseconds) * 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  compare::random random;
  uv_loop_t* const loop = uv_default_loop();
  std::vector<sleeper> sleepers(args.size);
  for (auto& each : sleepers) {
    uv_timer_init(loop, &each.timer);
    each.timer.data = &each;
    each.milliseconds = 1 + random.below(100);
    each.begin = uv_hrtime();
    uv_timer_start(&each.timer, fired, each.milliseconds, 0);
  }
  uv_run(loop, UV_RUN_DEFAULT);
  compare::report_times(std::move(late));
}
