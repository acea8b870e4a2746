// SPDX-License-Identifier: Apache-2.0
// How the sleepers report: by how much the last one exceeded the 10 s.
#pragma once

#include "../support/program.hpp"

namespace compare {

inline void report_sleepers(std::uint64_t count, double seconds, bool spread) {
  require(seconds >= (spread ? 1 : 9.99), "woken early");
  std::printf("operations=%llu seconds=%.9f beyond_ms=%.1f\n", static_cast<unsigned long long>(count), seconds,
              (seconds - 10) * 1e3);
}

}  // namespace compare
