// SPDX-License-Identifier: Apache-2.0
// usage_error: the program asked for something that cannot be done where it asked.
#pragma once

#include <stdexcept>

namespace charkha {

/// A mistake of the calling program that the text explains together with what to do instead: creating a task outside a
/// runtime, blocking on a worker, a task that awaits itself, another runtime's task. Where asyncio raises
/// `RuntimeError`.
class usage_error : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace charkha
