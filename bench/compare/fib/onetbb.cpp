// SPDX-License-Identifier: Apache-2.0
// fib(SIZE), one leg as a task, the other as a call.
#include "../support/onetbb_program.hpp"
#include "fib.hpp"

namespace {

std::uint64_t fib(std::uint64_t n) {
  if (n < 2) return n;
  std::uint64_t a = 0;
  tbb::task_group left;
  left.run([&a, n] { a = fib(n - 1); });
  const auto b = fib(n - 2);
  left.wait();
  return a + b;
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const compare::onetbb_threads threads(args.workers);
  const compare::stopwatch watch;
  const auto value = fib(args.size);
  compare::report(compare::fib_calls(args.size), watch.seconds());
  compare::require(value == compare::fib_value(args.size), "fib");
}
