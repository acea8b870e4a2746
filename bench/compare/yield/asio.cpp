// SPDX-License-Identifier: Apache-2.0
// 1,000 coroutines that post themselves to the end of the loop's queue SIZE / 1,000 times each.
#include "../support/asio_program.hpp"

namespace {

constexpr std::uint64_t tasks = 1000;

compare::awaitable<void> measure(compare::arguments args) {
  const compare::stopwatch watch;
  co_await compare::parallel(tasks, [&](std::size_t) -> compare::awaitable<void> {
    for (std::uint64_t i = 0; i < args.size / tasks; ++i) co_await compare::yield();
  });
  compare::report(args.size / tasks * tasks, watch.seconds());
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
