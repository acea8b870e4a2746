// SPDX-License-Identifier: Apache-2.0
// How many ways there are to place SIZE queens: a child for each square of a row that is free.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"
#include "board.hpp"

namespace {

template <int N>
charkha::coro<std::uint64_t> place(std::array<char, N> rows, int row) {
  if (row == N) co_return 1;
  std::vector<charkha::coro<std::uint64_t>> children;
  children.reserve(N);
  for (int column = 0; column < N; ++column) {
    if (!compare::can_place(rows.data(), row, column)) continue;
    rows[static_cast<std::size_t>(row)] = static_cast<char>(column);
    children.push_back(place<N>(rows, row + 1));
  }
  std::uint64_t sum = 0;
  for (const auto ways : co_await charkha::when_all(std::move(children))) sum += ways;
  co_return sum;
}

template <int N>
charkha::coro<> measure() {
  const compare::stopwatch watch;
  const auto ways = co_await place<N>({}, 0);
  compare::report_ways(N, ways, watch.seconds());
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(compare::for_size(args.size, [](auto n) { return measure<n>(); }),
               {.workers = static_cast<int>(args.workers)});
}
