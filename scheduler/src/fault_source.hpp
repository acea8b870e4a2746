// SPDX-License-Identifier: Apache-2.0
// What goes wrong inside a runtime although nothing is wrong: given by a simulation that was asked for it.
#pragma once

namespace charkha::detail {

/// On the simulation's thread.
class fault_source {
 public:
  virtual ~fault_source() = default;
  fault_source(const fault_source&) = delete;
  fault_source& operator=(const fault_source&) = delete;

  /// Is the thief about to find nothing?
  [[nodiscard]] virtual bool steal_loses() noexcept = 0;
  /// Is there no memory for another task?
  [[nodiscard]] virtual bool creation_fails() noexcept = 0;

 protected:
  fault_source() noexcept = default;
};

}  // namespace charkha::detail
