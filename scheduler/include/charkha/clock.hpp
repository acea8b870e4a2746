// SPDX-License-Identifier: Apache-2.0
// clock: the time that tasks live by.
#pragma once

#include <chrono>

namespace charkha {

/// The monotonic clock of the runtime that the calling task runs in: the steady clock, or virtual time in a simulation.
/// Outside a runtime the steady clock. As `loop.time()`.
struct clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<clock>;
  static constexpr bool is_steady = true;

  /// From any thread.
  [[nodiscard]] static time_point now() noexcept;
};

}  // namespace charkha
