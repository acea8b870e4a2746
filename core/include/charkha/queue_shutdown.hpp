// SPDX-License-Identifier: Apache-2.0
// queue_shutdown: a queue was shut down.
#pragma once

#include <stdexcept>

namespace charkha {

/// Thrown by a queue that takes no more items, or has none left and gets no more. As `asyncio.QueueShutDown`.
class queue_shutdown : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace charkha
