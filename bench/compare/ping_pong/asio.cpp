// SPDX-License-Identifier: Apache-2.0
// Two coroutines that wait for each other SIZE times by a channel of one place; Asio has neither event nor future.
#include "../support/asio_program.hpp"

namespace {

using messages = compare::channel<std::uint64_t>;

compare::awaitable<void> play(std::uint64_t rounds, messages& mine, messages& other, bool begins) {
  for (std::uint64_t i = 0; i < rounds; ++i) {
    if (begins) co_await other.async_send(asio::error_code{}, i, compare::use_awaitable);
    const auto got = co_await mine.async_receive(compare::use_awaitable);
    compare::require(got == i, "message");
    if (!begins) co_await other.async_send(asio::error_code{}, i, compare::use_awaitable);
  }
}

compare::awaitable<void> measure(compare::arguments args) {
  if (args.variant != "queue") compare::cannot();
  messages a(compare::loop->get_executor(), 1), b(compare::loop->get_executor(), 1);
  const compare::stopwatch watch;
  co_await compare::parallel(
      2, [&](std::size_t side) { return side == 0 ? play(args.size, a, b, true) : play(args.size, b, a, false); });
  compare::report(args.size, watch.seconds());
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
