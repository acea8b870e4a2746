// SPDX-License-Identifier: Apache-2.0
// fatal_error: what a task throws when the program cannot go on.
#pragma once

#include <string>
#include <utility>

namespace charkha {

/// Thrown, as it is or as a class derived from it, to say that the whole program is to end. When it leaves a task it does
/// not wait for somebody to look at the task's result: report_handler::fatal() is called at once, which prints it and
/// ends the program by std::terminate unless the embedder overrides it.
///
/// Does not derive from std::exception, so that `catch (const std::exception&)` does not swallow it. The counterpart of
/// Python's `SystemExit` and `KeyboardInterrupt`, which leave asyncio's loop.
class fatal_error {
 public:
  explicit fatal_error(std::string message) noexcept : message_(std::move(message)) {}
  fatal_error(const fatal_error&) = default;
  fatal_error& operator=(const fatal_error&) = default;
  virtual ~fatal_error() = default;

  /// The message it was made with.
  [[nodiscard]] const char* what() const noexcept { return message_.c_str(); }

 private:
  std::string message_;
};

}  // namespace charkha
