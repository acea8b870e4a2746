// SPDX-License-Identifier: Apache-2.0
// Looking into an exception_ptr.
#pragma once

#include <exception>
#include <string>

namespace charkha::detail {

/// What it says of itself. `error` is not null.
[[nodiscard]] std::string describe_exception(const std::exception_ptr& error);
/// Is it a cancelled_error?
[[nodiscard]] bool is_cancellation(const std::exception_ptr& error) noexcept;

}  // namespace charkha::detail
