// SPDX-License-Identifier: Apache-2.0
// Creates SIZE coroutines, counted, and waits for the last. There are no handles to hold.
#include "../support/asio_program.hpp"

namespace {

compare::awaitable<void> measure(compare::arguments args) {
  std::vector<std::uint64_t> given(args.size);
  const compare::stopwatch watch;
  co_await compare::parallel(args.size, [&](std::size_t i) -> compare::awaitable<void> {
    given[i] = i;
    co_return;
  });
  std::uint64_t sum = 0;
  for (const auto value : given) sum += value;
  compare::report(args.size, watch.seconds());
  compare::require(sum == args.size * (args.size - 1) / 2, "sum");
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
