// SPDX-License-Identifier: Apache-2.0
// Starts SIZE threads, holds them all, then joins each.
#include <thread>

#include "../support/program.hpp"

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  std::vector<std::uint64_t> given(args.size);
  const compare::stopwatch watch;
  std::vector<std::thread> threads;
  threads.reserve(args.size);
  for (std::uint64_t i = 0; i < args.size; ++i) threads.emplace_back([&given, i] { given[i] = i; });
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < args.size; ++i) {
    threads[i].join();
    sum += given[i];
  }
  compare::report(args.size, watch.seconds());
  compare::require(sum == args.size * (args.size - 1) / 2, "sum");
}
