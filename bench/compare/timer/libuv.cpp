// SPDX-License-Identifier: Apache-2.0
// SIZE times: one timer armed and stopped. Variants: "ahead", with an earlier one pending; "pending" and "million", with
// 100,000 and 1,000,000 later ones.
#include <uv.h>

#include "../support/program.hpp"

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  if (args.variant == "both") compare::cannot();
  uv_loop_t* const loop = uv_default_loop();
  const auto nothing = [](uv_timer_t*) {};
  std::vector<uv_timer_t> later(args.variant == "pending" ? 100'000 : args.variant == "million" ? 1'000'000 : 0);
  std::uint64_t milliseconds = 600'000;
  for (auto& timer : later) {
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, nothing, milliseconds++, 0);
  }
  uv_timer_t earlier, timer;
  uv_timer_init(loop, &earlier);
  uv_timer_init(loop, &timer);
  if (args.variant == "ahead") uv_timer_start(&earlier, nothing, 30'000, 0);
  const compare::stopwatch watch;
  for (std::uint64_t i = 0; i < args.size; ++i) {
    uv_timer_start(&timer, nothing, 60'000, 0);
    uv_timer_stop(&timer);
  }
  compare::report(args.size, watch.seconds());
}
