// SPDX-License-Identifier: Apache-2.0
// gather_result<T>: a value or an error, for gather with return_exceptions.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "charkha/detail/describe_exception.hpp"
#include "charkha/detail/value_of.hpp"

namespace charkha {

/// Says that gather gives errors as values: `gather(return_exceptions, f(), g())`.
struct return_exceptions_t {
  explicit constexpr return_exceptions_t() noexcept = default;
};
inline constexpr return_exceptions_t return_exceptions{};

/// How one of the tasks of a gather ended. `value()` gives the value or throws the error; a reference is kept as a
/// std::reference_wrapper.
template <class T>
class [[nodiscard]] gather_result {
 public:
  using stored = std::conditional_t<std::is_reference_v<T>, std::reference_wrapper<std::remove_reference_t<T>>,
                                    detail::value_of<T>>;

  explicit gather_result(stored value) : value_(std::move(value)) {}
  explicit gather_result(std::exception_ptr error) noexcept : error_(std::move(error)) {}

  /// Did it end with a value?
  [[nodiscard]] bool has_value() const noexcept { return error_ == nullptr; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
  /// The value (std::monostate for void), or the error thrown.
  [[nodiscard]] const stored& value() const& {
    rethrow();
    return *value_;
  }
  [[nodiscard]] stored&& value() && {
    rethrow();
    return *std::move(value_);
  }
  /// The error; null if there is a value.
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
  /// Is the error a cancellation?
  [[nodiscard]] bool cancelled() const noexcept { return error_ != nullptr && detail::is_cancellation(error_); }

 private:
  void rethrow() const {
    if (error_ != nullptr) std::rethrow_exception(error_);
  }
  std::optional<stored> value_;
  std::exception_ptr error_;
};

}  // namespace charkha
