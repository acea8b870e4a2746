// SPDX-License-Identifier: Apache-2.0
// The product of two SIZE x SIZE matrices of ones, four quarters side by side, twice.
#include <charkha/charkha.hpp>

#include "../support/program.hpp"
#include "matmul.hpp"

namespace {

charkha::coro<> multiply(const int* a, const int* b, int* c, std::size_t size, std::size_t stride) {
  if (size <= compare::matmul_block) {
    compare::multiply_block(a, b, c, size, stride);
    co_return;
  }
  const std::size_t half = size / 2, down = half * stride, right = half;
  co_await charkha::when_all(multiply(a, b, c, half, stride), multiply(a, b + right, c + right, half, stride),
                             multiply(a + down, b, c + down, half, stride),
                             multiply(a + down, b + right, c + down + right, half, stride));
  co_await charkha::when_all(multiply(a + right, b + down, c, half, stride),
                             multiply(a + right, b + down + right, c + right, half, stride),
                             multiply(a + down + right, b + down, c + down, half, stride),
                             multiply(a + down + right, b + down + right, c + down + right, half, stride));
}

charkha::coro<> measure(std::size_t size) {
  std::vector<int> a(size * size, 1), b(size * size, 1), c(size * size, 0);
  const compare::stopwatch watch;
  co_await multiply(a.data(), b.data(), c.data(), size, size);
  compare::report(1, watch.seconds());
  compare::require(std::all_of(c.begin(), c.end(), [&](int x) { return x == static_cast<int>(size); }), "product");
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::run(measure(args.size), {.workers = static_cast<int>(args.workers)});
}
