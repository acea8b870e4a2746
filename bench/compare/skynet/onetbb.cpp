// SPDX-License-Identifier: Apache-2.0
// A tree of ten children a node, SIZE levels deep: a task for each child.
#include <array>
#include <numeric>

#include "../support/onetbb_program.hpp"
#include "skynet.hpp"

namespace {

std::uint64_t node(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) return first;
  const auto part = leaves / 10;
  std::array<std::uint64_t, 10> sums{};
  tbb::task_group children;
  for (std::uint64_t i = 0; i < 10; ++i) {
    auto& sum = sums[i];
    children.run([&sum, first, part, i] { sum = node(first + i * part, part); });
  }
  children.wait();
  return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const compare::onetbb_threads threads(args.workers);
  const compare::skynet_tree tree(args.size);
  const compare::stopwatch watch;
  const auto sum = node(0, tree.leaves);
  compare::report(tree.nodes, watch.seconds());
  compare::require(sum == tree.sum(), "sum");
}
