// SPDX-License-Identifier: Apache-2.0
// SIZE empty functions on a thread pool of Asio and back, one at a time; with the variant "all" all in flight at once.
#include "../support/asio_program.hpp"

namespace {

compare::awaitable<void> call(asio::thread_pool& pool, std::uint64_t value, std::atomic<std::uint64_t>& sum) {
  co_await asio::co_spawn(
      pool,
      [&sum, value]() -> compare::awaitable<void> {
        sum.fetch_add(value, std::memory_order_relaxed);
        co_return;
      },
      compare::use_awaitable);
}

compare::awaitable<void> measure(compare::arguments args) {
  asio::thread_pool pool(args.workers + 1);
  std::atomic<std::uint64_t> sum{0};
  const compare::stopwatch watch;
  if (args.variant == "all") {
    co_await compare::parallel(args.size, [&](std::size_t i) { return call(pool, i, sum); });
  } else {
    for (std::uint64_t i = 0; i < args.size; ++i) co_await call(pool, i, sum);
  }
  compare::report(args.size, watch.seconds());
  compare::require(sum == args.size * (args.size - 1) / 2, "sum");
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
