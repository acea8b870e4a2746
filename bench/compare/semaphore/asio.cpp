// SPDX-License-Identifier: Apache-2.0
// 1,000 coroutines that take one of the ten places of a channel SIZE / 1,000 times each: Asio has no semaphore. With the
// variant "yield" they yield inside.
#include "../support/asio_program.hpp"

namespace {

constexpr std::uint64_t tasks = 1000;

compare::awaitable<void> measure(compare::arguments args) {
  compare::channel<int> places(compare::loop->get_executor(), 10);
  const compare::stopwatch watch;
  co_await compare::parallel(tasks, [&](std::size_t) -> compare::awaitable<void> {
    for (std::uint64_t i = 0; i < args.size / tasks; ++i) {
      co_await places.async_send(asio::error_code{}, 0, compare::use_awaitable);
      if (args.variant == "yield") co_await compare::yield();
      places.try_receive([](asio::error_code, int) {});
    }
  });
  compare::report(args.size / tasks * tasks, watch.seconds());
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
