// SPDX-License-Identifier: Apache-2.0
// fib(SIZE) with a coroutine of its own for each call, which sends its value by a channel.
#include "../fib/fib.hpp"
#include "../support/asio_program.hpp"

namespace {

using values = compare::channel<std::uint64_t>;

compare::awaitable<void> fib(std::uint64_t n, std::shared_ptr<values> out) {
  std::uint64_t value = n;
  if (n >= 2) {
    auto in = std::make_shared<values>(compare::loop->get_executor(), 2);
    asio::co_spawn(*compare::loop, fib(n - 1, in), compare::detached);
    asio::co_spawn(*compare::loop, fib(n - 2, in), compare::detached);
    value = co_await in->async_receive(compare::use_awaitable);
    value += co_await in->async_receive(compare::use_awaitable);
  }
  out->try_send(asio::error_code{}, value);
}

compare::awaitable<void> measure(compare::arguments args) {
  auto in = std::make_shared<values>(compare::loop->get_executor(), 1);
  const compare::stopwatch watch;
  asio::co_spawn(*compare::loop, fib(args.size, in), compare::detached);
  const auto value = co_await in->async_receive(compare::use_awaitable);
  compare::report(compare::fib_calls(args.size), watch.seconds());
  compare::require(value == compare::fib_value(args.size), "fib");
}

}  // namespace

int main(int argc, char** argv) { return compare::run(argc, argv, measure); }
