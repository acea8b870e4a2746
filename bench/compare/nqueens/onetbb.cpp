// SPDX-License-Identifier: Apache-2.0
// How many ways there are to place SIZE queens: a task for each square of a row that is free.
#include <numeric>

#include "../support/onetbb_program.hpp"
#include "board.hpp"

namespace {

template <int N>
std::uint64_t place(std::array<char, N> rows, int row) {
  if (row == N) return 1;
  std::array<std::uint64_t, N> ways{};
  tbb::task_group children;
  for (int column = 0; column < N; ++column) {
    if (!compare::can_place(rows.data(), row, column)) continue;
    rows[static_cast<std::size_t>(row)] = static_cast<char>(column);
    auto& mine = ways[static_cast<std::size_t>(column)];
    children.run([rows, row, &mine] { mine = place<N>(rows, row + 1); });
  }
  children.wait();
  return std::accumulate(ways.begin(), ways.end(), std::uint64_t{0});
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const compare::onetbb_threads threads(args.workers);
  compare::for_size(args.size, [](auto n) {
    const compare::stopwatch watch;
    const auto ways = place<n>({}, 0);
    compare::report_ways(n, ways, watch.seconds());
  });
}
