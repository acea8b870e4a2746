// SPDX-License-Identifier: Apache-2.0
// How long the sleepers sleep, and by how much the last one exceeded that.
#pragma once

#include "../support/program.hpp"

namespace compare {

class sleepers {
 public:
  explicit sleepers(const arguments& args)
      : count_(args.size), longest_(args.variant == "brief" ? 2000 : 10'000), spread_(args.variant == "random") {}

  /// For the next one.
  std::chrono::milliseconds pause() {
    return std::chrono::milliseconds(spread_ ? 1000 + random_.below(longest_ - 999) : longest_);
  }

  void report(double seconds) const {
    const double beyond = seconds * 1e3 - static_cast<double>(longest_);
    require(spread_ || beyond > -10, "woken early");
    std::printf("operations=%llu seconds=%.9f beyond_ms=%.1f\n", static_cast<unsigned long long>(count_), seconds,
                beyond);
  }

 private:
  std::uint64_t count_, longest_;
  bool spread_;
  random random_;
};

}  // namespace compare
