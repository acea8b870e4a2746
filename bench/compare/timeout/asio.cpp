// SPDX-License-Identifier: Apache-2.0
// SIZE times: an operation that suspends once, or a timer of 60 s, whichever is first; "pending": with 100,000 timers
// pending. The idiom is awaitable_operators; around an operation that is ready it does the same work.
#include <asio/experimental/awaitable_operators.hpp>

#include "../support/asio_program.hpp"

namespace {

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

compare::awaitable<std::uint64_t> ready(std::uint64_t value) { co_return value; }
compare::awaitable<std::uint64_t> yields(std::uint64_t value) {
  co_await compare::yield();
  co_return value;
}

template <class Operation>
compare::awaitable<void> churn(std::uint64_t count, Operation operation) {
  std::uint64_t sum = 0;
  const compare::stopwatch watch;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto first = co_await (operation(i) || compare::sleep(60s));
    compare::require(first.index() == 0, "the time-out came first");
    sum += std::get<0>(first);
  }
  compare::report(count, watch.seconds());
  compare::require(sum == count * (count - 1) / 2, "sum");
}

compare::awaitable<void> measure(compare::arguments args) {
  std::vector<std::unique_ptr<asio::steady_timer>> pending;
  for (int i = 0; i < (args.variant == "pending" ? 100'000 : 0); ++i) {
    pending.push_back(std::make_unique<asio::steady_timer>(*compare::loop, 600s + i * 1ms));
    pending.back()->async_wait([](asio::error_code) {});
  }
  if (args.variant.empty() || args.variant == "ready") {
    co_await churn(args.size, ready);
  } else {
    co_await churn(args.size, yields);
  }
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
