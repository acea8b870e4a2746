// SPDX-License-Identifier: Apache-2.0
// Where a runtime reads the time: the steady clock, or a virtual one.
#pragma once

#include <chrono>
#include <cstdint>

namespace charkha::detail {

class time_source {
 public:
  time_source(const time_source&) = delete;
  time_source& operator=(const time_source&) = delete;
  /// Nanoseconds since the clock's epoch; never goes back.
  [[nodiscard]] virtual std::int64_t now() const noexcept = 0;

 protected:
  time_source() noexcept = default;
  ~time_source() = default;
};

class steady_time_source final : public time_source {
 public:
  [[nodiscard]] std::int64_t now() const noexcept override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace charkha::detail
