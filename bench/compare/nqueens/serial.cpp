// SPDX-License-Identifier: Apache-2.0
// How many ways there are to place SIZE queens, as a function that calls itself.
#include "../support/program.hpp"
#include "board.hpp"

namespace {

template <int N>
std::uint64_t place(std::array<char, N> rows, int row) {
  if (row == N) return 1;
  std::uint64_t sum = 0;
  for (int column = 0; column < N; ++column) {
    if (!compare::can_place(rows.data(), row, column)) continue;
    rows[static_cast<std::size_t>(row)] = static_cast<char>(column);
    sum += place<N>(rows, row + 1);
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  compare::for_size(args.size, [](auto n) {
    const compare::stopwatch watch;
    const auto ways = place<n>({}, 0);
    compare::report_ways(n, ways, watch.seconds());
  });
}
