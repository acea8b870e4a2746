// SPDX-License-Identifier: Apache-2.0
// timeout_error: a deadline passed.
#pragma once

#include <stdexcept>

namespace charkha {

/// Thrown by timeout() when its deadline passed before its body ended. What ended the body is nested in it, see
/// std::rethrow_if_nested. As `TimeoutError`.
class timeout_error : public std::runtime_error {
 public:
  timeout_error() : std::runtime_error("timed out") {}
};

}  // namespace charkha
