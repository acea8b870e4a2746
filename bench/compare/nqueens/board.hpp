// SPDX-License-Identifier: Apache-2.0
// Placing queens, row by row: as in the public runtime-benchmarks suite.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../support/program.hpp"

namespace compare {

/// In how many ways N queens can be placed, and how many boards, filled in part or whole, are seen on the way.
inline constexpr std::array<std::uint64_t, 15> nqueens_answers{0,  1,   0,   0,    2,     10,    4,     40,
                                                               92, 352, 724, 2680, 14200, 73712, 365596};
inline constexpr std::array<std::uint64_t, 15> nqueens_boards{1,    2,    3,     6,      17,     54,      153,     552,
                                                              2057, 8394, 35539, 166926, 856189, 4674890, 27358553};

inline bool can_place(const char* rows, int row, int column) {
  for (int i = 0; i < row; ++i) {
    const int other = rows[i];
    if (other == column || other == column - (row - i) || other == column + (row - i)) return false;
  }
  return true;
}

/// Calls measure with the size as a constant: loops over it are unrolled, as where this comes from.
template <class Measure>
auto for_size(std::uint64_t size, Measure measure) {
  switch (size) {
    case 8:
      return measure(std::integral_constant<int, 8>());
    case 11:
      return measure(std::integral_constant<int, 11>());
    case 13:
      return measure(std::integral_constant<int, 13>());
    case 14:
      return measure(std::integral_constant<int, 14>());
    default:
      cannot();
  }
}

/// Reports a run for N queens that found so many ways.
inline void report_ways(int queens, std::uint64_t ways, double seconds) {
  const auto n = static_cast<std::size_t>(queens);
  report(nqueens_boards[n], seconds);
  require(ways == nqueens_answers[n], "ways");
}

}  // namespace compare
