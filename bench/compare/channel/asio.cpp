// SPDX-License-Identifier: Apache-2.0
// SIZE messages from 4 producers through one channel of 1,024 places to 4 consumers; with the variant "one" to one.
#include "../support/asio_program.hpp"

namespace {

constexpr std::uint64_t producers = 4;

compare::awaitable<void> measure(compare::arguments args) {
  const std::uint64_t consumers = args.variant == "one" ? 1 : 4;
  const std::uint64_t each = args.size / producers, all = each * producers;
  compare::channel<std::uint64_t> messages(compare::loop->get_executor(), 1024);
  std::atomic<std::uint64_t> sum{0};
  const compare::stopwatch watch;
  co_await compare::parallel(producers + consumers, [&](std::size_t task) -> compare::awaitable<void> {
    if (task < producers) {
      for (std::uint64_t i = 0; i < each; ++i) {
        co_await messages.async_send(asio::error_code{}, task * each + i, compare::use_awaitable);
      }
    } else {
      std::uint64_t mine = 0;
      for (std::uint64_t i = 0; i < all / consumers; ++i) {
        mine += co_await messages.async_receive(compare::use_awaitable);
      }
      sum += mine;
    }
  });
  compare::report(all, watch.seconds());
  compare::require(sum == all * (all - 1) / 2, "sum");
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
