// SPDX-License-Identifier: Apache-2.0
// Placing queens, row by row: as in the public runtime-benchmarks suite.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace compare {

inline constexpr std::array<std::uint64_t, 17> nqueens_answers{
    0, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512};

inline bool can_place(const char* rows, int row, int column) {
  for (int i = 0; i < row; ++i) {
    const int other = rows[i];
    if (other == column || other == column - (row - i) || other == column + (row - i)) return false;
  }
  return true;
}

}  // namespace compare
