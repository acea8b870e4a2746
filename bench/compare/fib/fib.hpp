// SPDX-License-Identifier: Apache-2.0
// What fib(n) must give, and how many calls the plain recursion takes for it.
#pragma once

#include <cstdint>

namespace compare {

inline std::uint64_t fib_value(std::uint64_t n) {
  std::uint64_t here = 0, next = 1;
  for (std::uint64_t i = 0; i < n; ++i) {
    const auto sum = here + next;
    here = next;
    next = sum;
  }
  return here;
}

inline std::uint64_t fib_calls(std::uint64_t n) { return 2 * fib_value(n + 1) - 1; }

}  // namespace compare
