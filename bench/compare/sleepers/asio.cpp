// SPDX-License-Identifier: Apache-2.0
// SIZE coroutines that sleep 10 s each, on a timer each; with the variant "random" between 1 and 10 s.
#include "../support/asio_program.hpp"
#include "sleepers.hpp"

namespace {

compare::awaitable<void> measure(compare::arguments args) {
  const bool spread = args.variant == "random";
  compare::random random;
  const compare::stopwatch watch;
  co_await compare::parallel(args.size, [&](std::size_t) {
    return compare::sleep(std::chrono::milliseconds(spread ? 1000 + random.below(9001) : 10'000));
  });
  compare::report_sleepers(args.size, watch.seconds(), spread);
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
