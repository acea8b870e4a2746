// SPDX-License-Identifier: Apache-2.0
// A tree of ten children a node, DEPTH levels deep: how many leaves and nodes it has, and what it must give.
#pragma once

#include <cstdint>

namespace compare {

struct skynet_tree {
  explicit skynet_tree(std::uint64_t depth) {
    for (std::uint64_t i = 0; i < depth; ++i) {
      leaves *= 10;
      nodes += leaves;
    }
  }
  std::uint64_t leaves = 1, nodes = 1;
  [[nodiscard]] std::uint64_t sum() const { return leaves * (leaves - 1) / 2; }
};

}  // namespace compare
