// SPDX-License-Identifier: Apache-2.0
// fib(SIZE) with a task for each call: both legs by create_task.
#include <charkha/charkha.hpp>

#include "../fib/fib.hpp"
#include "../support/program.hpp"

namespace {

charkha::coro<std::uint64_t> fib(std::uint64_t n) {
  if (n < 2) co_return n;
  auto left = charkha::create_task(fib(n - 1));
  auto right = charkha::create_task(fib(n - 2));
  const auto a = co_await left;
  const auto b = co_await right;
  co_return a + b;
}

charkha::coro<> measure(std::uint64_t n) {
  const compare::stopwatch watch;
  const auto value = co_await fib(n);
  compare::report(compare::fib_calls(n), watch.seconds());
  compare::require(value == compare::fib_value(n), "fib");
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args.size), {.workers = static_cast<int>(args.workers)});
}
