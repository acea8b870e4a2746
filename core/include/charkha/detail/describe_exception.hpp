// SPDX-License-Identifier: Apache-2.0
// Looking into an exception_ptr.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

namespace charkha::detail {

/// What it says of itself. `error` is not null.
[[nodiscard]] std::string describe_exception(const std::exception_ptr& error);
/// What the library treats in a way of its own.
enum class error_class : std::uint8_t { ordinary, cancellation, fatal };
/// Is it a cancelled_error, a fatal_error, or anything else?
[[nodiscard]] error_class classify(const std::exception_ptr& error) noexcept;
[[nodiscard]] inline bool is_cancellation(const std::exception_ptr& error) noexcept {
  return classify(error) == error_class::cancellation;
}

}  // namespace charkha::detail
