// SPDX-License-Identifier: Apache-2.0
// 1,000 coroutines that count behind a channel of one place SIZE / 1,000 times each: Asio has no lock that is awaited.
// With the variant "yield" they yield inside.
#include "../support/asio_program.hpp"

namespace {

constexpr std::uint64_t tasks = 1000;

compare::awaitable<void> measure(compare::arguments args) {
  compare::channel<int> places(compare::loop->get_executor(), 1);
  std::uint64_t counter = 0;
  const compare::stopwatch watch;
  co_await compare::parallel(tasks, [&](std::size_t) -> compare::awaitable<void> {
    for (std::uint64_t i = 0; i < args.size / tasks; ++i) {
      co_await places.async_send(asio::error_code{}, 0, compare::use_awaitable);
      const auto seen = counter;
      if (args.variant == "yield") co_await compare::yield();
      counter = seen + 1;
      places.try_receive([](asio::error_code, int) {});
    }
  });
  compare::report(args.size / tasks * tasks, watch.seconds());
  compare::require(counter == args.size / tasks * tasks, "count");
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
