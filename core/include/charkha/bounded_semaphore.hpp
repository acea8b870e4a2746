// SPDX-License-Identifier: Apache-2.0
// bounded_semaphore: a semaphore that notices when more is released than was acquired.
#pragma once

#include "charkha/semaphore.hpp"

namespace charkha {

/// A semaphore whose release() throws usage_error, and changes nothing, if it would bring the number of free permits
/// above the initial one. As `asyncio.BoundedSemaphore`; a semaphore in all else.
class bounded_semaphore : public semaphore {
 public:
  /// As semaphore's.
  explicit bounded_semaphore(std::ptrdiff_t permits = 1) : semaphore(permits, permits) {}
};

}  // namespace charkha
