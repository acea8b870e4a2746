// SPDX-License-Identifier: Apache-2.0
// SIZE coroutines that sleep 10 s each, on a timer each; with the variant "brief" 2 s, with "random" between 1 and 10 s.
#include "../support/asio_program.hpp"
#include "sleepers.hpp"

namespace {

compare::awaitable<void> measure(compare::arguments args) {
  compare::sleepers sleepers(args);
  const compare::stopwatch watch;
  co_await compare::parallel(args.size, [&](std::size_t) { return compare::sleep(sleepers.pause()); });
  sleepers.report(watch.seconds());
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
