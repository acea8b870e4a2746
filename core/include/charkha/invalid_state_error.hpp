// SPDX-License-Identifier: Apache-2.0
// invalid_state_error: a result was asked for before there was one.
#pragma once

#include <stdexcept>

namespace charkha {

/// Thrown by task::result() and task::exception() before the task is done. As `asyncio.InvalidStateError`.
class invalid_state_error : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace charkha
