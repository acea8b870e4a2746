// SPDX-License-Identifier: Apache-2.0
// What every C++ program of the comparison shares: its arguments, its clock, its one line of output.
//
//   PROGRAM WORKERS SIZE [VARIANT]   prints key=value pairs; fails if the result of the work is wrong
//
// Exit status 3: this rival cannot do that variant.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace compare {

struct arguments {
  unsigned workers = 1;
  std::uint64_t size = 0;
  std::string variant;
};

inline arguments parse(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s WORKERS SIZE [VARIANT]\n", argv[0]);
    std::exit(2);
  }
  return {static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)), std::strtoull(argv[2], nullptr, 10),
          argc > 3 ? argv[3] : ""};
}

// Both ends below are called beside threads that still work: what is static must outlive them.
[[noreturn]] inline void cannot() { std::_Exit(3); }

/// Ends the program unless the work came out right.
inline void require(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "wrong result: %s\n", what);
  std::_Exit(1);
}

class stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// Prints how long `operations` took.
inline void report(std::uint64_t operations, double seconds) {
  std::printf("operations=%llu seconds=%.9f\n", static_cast<unsigned long long>(operations), seconds);
}

/// Prints times in microseconds, as the 101 points from the least to the greatest.
inline void report_times(std::vector<double> microseconds) {
  std::sort(microseconds.begin(), microseconds.end());
  std::printf("operations=%zu percentiles_us=", microseconds.size());
  for (std::size_t percent = 0; percent <= 100; ++percent) {
    std::printf("%s%.1f", percent == 0 ? "" : ",", microseconds[(microseconds.size() - 1) * percent / 100]);
  }
  std::printf("\n");
}

/// xorshift64: the same sequence in every language.
class random {
 public:
  std::uint64_t below(std::uint64_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % bound;
  }

 private:
  std::uint64_t state_ = 88172645463325252U;
};

}  // namespace compare
