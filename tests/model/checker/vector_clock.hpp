// SPDX-License-Identifier: Apache-2.0
// What a thread of the model knows of the others: happens-before, as one count of events for each thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace charkha::model {

inline constexpr unsigned max_threads = 6;  // the body, which is thread 0, and five more

using moment = std::uint32_t;  // a thread's events, from 1; 0 is before all of them

class vector_clock {
 public:
  [[nodiscard]] moment operator[](unsigned thread) const noexcept { return known_[thread]; }
  [[nodiscard]] bool knows(unsigned thread, moment when) const noexcept { return known_[thread] >= when; }
  void learn(unsigned thread, moment when) noexcept { known_[thread] = std::max(known_[thread], when); }
  void tick(unsigned thread) noexcept { ++known_[thread]; }
  void join(const vector_clock& other) noexcept {
    for (unsigned i = 0; i < max_threads; ++i) known_[i] = std::max(known_[i], other.known_[i]);
  }

 private:
  std::array<moment, max_threads> known_{};
};

}  // namespace charkha::model
