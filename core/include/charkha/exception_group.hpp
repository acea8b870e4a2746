// SPDX-License-Identifier: Apache-2.0
// exception_group: several errors that happened side by side, as one.
#pragma once

#include <exception>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace charkha {

/// The errors of the children of one scope, in the order in which they came. Never empty.
///
/// Groups nest: an error may itself be an exception_group. Copies share nothing but the exceptions. As Python's
/// `ExceptionGroup`.
class exception_group : public std::runtime_error {
 public:
  explicit exception_group(std::vector<std::exception_ptr> errors);
  /// `what()` begins with `message`.
  exception_group(std::string_view message, std::vector<std::exception_ptr> errors);

  [[nodiscard]] const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }

 private:
  std::vector<std::exception_ptr> errors_;
};

}  // namespace charkha
