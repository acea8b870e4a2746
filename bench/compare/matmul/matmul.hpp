// SPDX-License-Identifier: Apache-2.0
// Matrix product by quarters, down to blocks of 32: as in the public runtime-benchmarks suite.
#pragma once

#include <cstddef>

namespace compare {

inline constexpr std::size_t matmul_block = 32;

/// c += a * b for square blocks of matrices whose rows are `stride` apart. Row by row, so that the compiler can make
/// vectors of it; a function of its own, so that it makes the same of it wherever it is called.
[[gnu::noinline]] inline void multiply_block(const int* a, const int* b, int* c, std::size_t size, std::size_t stride) {
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = 0; k < size; ++k) {
      const int x = a[i * stride + k];
      for (std::size_t j = 0; j < size; ++j) c[i * stride + j] += x * b[k * stride + j];
    }
  }
}

}  // namespace compare
