// SPDX-License-Identifier: Apache-2.0
// interrupted_error: SIGINT ended a run.
#pragma once

namespace charkha {

/// Thrown by run() and runner::run(), if they were asked to handle SIGINT, when it ended main. Where asyncio raises
/// `KeyboardInterrupt`.
///
/// Does not derive from std::exception, so that `catch (const std::exception&)` does not take Ctrl-C for an error. Code
/// that catches it usually ends the program, with exit status 130 as shells expect it.
class interrupted_error {
 public:
  interrupted_error() noexcept = default;

  [[nodiscard]] const char* what() const noexcept { return "interrupted"; }
};

}  // namespace charkha
