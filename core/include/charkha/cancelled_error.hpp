// SPDX-License-Identifier: Apache-2.0
// cancelled_error: what a cancel request throws inside the task.
#pragma once

#include <string>
#include <utility>

namespace charkha {

/// Thrown at the suspension point where a cancel request is delivered, and to whoever awaits a cancelled task.
///
/// Does not derive from std::exception, so that `catch (const std::exception&)` does not swallow it. Code that
/// catches it to clean up throws it again (`throw;`); swallowing it undoes the cancellation. As
/// `asyncio.CancelledError`.
class cancelled_error {
 public:
  cancelled_error() = default;
  explicit cancelled_error(std::string message) noexcept : message_(std::move(message)) {}

  /// The message given to cancel(); empty if there was none.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  /// The same as a C string, "cancelled" if there was none.
  [[nodiscard]] const char* what() const noexcept { return message_.empty() ? "cancelled" : message_.c_str(); }

 private:
  std::string message_;
};

}  // namespace charkha
