// SPDX-License-Identifier: Apache-2.0
// SIZE timers armed and cancelled, one after the other. Variants: "ahead", with an earlier one pending; "pending" and
// "million", with 100,000 and 1,000,000 later ones; "both", two coroutines at once with an earlier one pending.
#include "../support/asio_program.hpp"

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

compare::awaitable<void> churn(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    asio::steady_timer timer(*compare::loop, 60s);
    timer.async_wait([](asio::error_code) {});
    timer.cancel();
    if (i % 128 == 127) co_await compare::yield();  // the handlers of the cancelled ones want to run
  }
}

compare::awaitable<void> measure(compare::arguments args) {
  std::vector<std::unique_ptr<asio::steady_timer>> pending;
  const auto leave = [&](steady::duration time) {
    pending.push_back(std::make_unique<asio::steady_timer>(*compare::loop, time));
    pending.back()->async_wait([](asio::error_code) {});
  };
  const std::uint64_t later = args.variant == "pending" ? 100'000 : args.variant == "million" ? 1'000'000 : 0;
  for (std::uint64_t i = 0; i < later; ++i) leave(600s + i * 1ms);
  if (args.variant == "ahead" || args.variant == "both") leave(30s);
  const std::uint64_t tasks = args.variant == "both" ? 2 : 1;
  const compare::stopwatch watch;
  co_await compare::parallel(tasks, [&](std::size_t) { return churn(args.size / tasks); });
  compare::report(args.size, watch.seconds());
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
