// SPDX-License-Identifier: Apache-2.0
// broken_barrier_error: a barrier was aborted or reset while a task waited for it.
#pragma once

#include <stdexcept>

namespace charkha {

/// Thrown by barrier::wait(). As `asyncio.BrokenBarrierError`.
class broken_barrier_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace charkha
