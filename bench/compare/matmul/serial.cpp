// SPDX-License-Identifier: Apache-2.0
// The product of two SIZE x SIZE matrices of ones by quarters, one after the other.
#include "../support/program.hpp"
#include "matmul.hpp"

namespace {

void multiply(const int* a, const int* b, int* c, std::size_t size, std::size_t stride) {
  if (size <= compare::matmul_block) return compare::multiply_block(a, b, c, size, stride);
  const std::size_t half = size / 2, down = half * stride, right = half;
  for (const std::size_t inner : {std::size_t{0}, half}) {
    const int *left = a + inner, *top = b + inner * stride;
    multiply(left, top, c, half, stride);
    multiply(left, top + right, c + right, half, stride);
    multiply(left + down, top, c + down, half, stride);
    multiply(left + down, top + right, c + down + right, half, stride);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const std::size_t size = args.size;
  std::vector<int> a(size * size, 1), b(size * size, 1), c(size * size, 0);
  const compare::stopwatch watch;
  multiply(a.data(), b.data(), c.data(), size, size);
  compare::report(1, watch.seconds());
  compare::require(std::all_of(c.begin(), c.end(), [&](int x) { return x == static_cast<int>(size); }), "product");
}
