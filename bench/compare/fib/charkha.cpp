// SPDX-License-Identifier: Apache-2.0
// fib(SIZE), divided by when_all down to the leaves.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"
#include "fib.hpp"

namespace {

charkha::coro<std::uint64_t> fib(std::uint64_t n) {
  if (n < 2) co_return n;
  const auto [a, b] = co_await charkha::when_all(fib(n - 1), fib(n - 2));
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
