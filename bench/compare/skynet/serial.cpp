// SPDX-License-Identifier: Apache-2.0
// The tree of SIZE levels as a function that calls itself.
#include "../support/program.hpp"
#include "skynet.hpp"

namespace {

[[gnu::noinline]] std::uint64_t node(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) return first;
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < 10; ++i) sum += node(first + i * (leaves / 10), leaves / 10);
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const compare::skynet_tree tree(args.size);
  const compare::stopwatch watch;
  const auto sum = node(0, tree.leaves);
  compare::report(tree.nodes, watch.seconds());
  compare::require(sum == tree.sum(), "sum");
}
