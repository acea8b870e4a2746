// SPDX-License-Identifier: Apache-2.0
// A tree of ten children a node, SIZE levels deep; each leaf gives its number, each node the sum of its children.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"
#include "skynet.hpp"

namespace {

charkha::coro<std::uint64_t> node(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) co_return first;
  const auto part = leaves / 10;
  const auto [a, b, c, d, e, f, g, h, i, j] = co_await charkha::when_all(
      node(first, part), node(first + part, part), node(first + 2 * part, part), node(first + 3 * part, part),
      node(first + 4 * part, part), node(first + 5 * part, part), node(first + 6 * part, part),
      node(first + 7 * part, part), node(first + 8 * part, part), node(first + 9 * part, part));
  co_return a + b + c + d + e + f + g + h + i + j;
}

charkha::coro<> measure(std::uint64_t depth) {
  const compare::skynet_tree tree(depth);
  const compare::stopwatch watch;
  const auto sum = co_await node(0, tree.leaves);
  compare::report(tree.nodes, watch.seconds());
  compare::require(sum == tree.sum(), "sum");
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args.size), {.workers = static_cast<int>(args.workers)});
}
