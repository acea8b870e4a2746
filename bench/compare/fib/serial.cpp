// SPDX-License-Identifier: Apache-2.0
// fib(SIZE) as a function that calls itself: what the work costs without any task.
#include "../support/program.hpp"
#include "fib.hpp"

namespace {

// Not inlined into itself: a call for each call, as the others have.
[[gnu::noinline]] std::uint64_t fib(std::uint64_t n) {
  if (n < 2) return n;
  const auto a = fib(n - 1);
  const auto b = fib(n - 2);
  asm volatile("" ::: "memory");
  return a + b;
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const compare::stopwatch watch;
  const auto value = fib(args.size);
  compare::report(compare::fib_calls(args.size), watch.seconds());
  compare::require(value == compare::fib_value(args.size), "fib");
}
