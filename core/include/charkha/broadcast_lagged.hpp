// SPDX-License-Identifier: Apache-2.0
// broadcast_lagged: a receiver was too slow.
#pragma once

#include <cstdint>
#include <stdexcept>

namespace charkha {

/// Thrown by a receiver of a broadcast, once, when messages that it had not received were overwritten. It goes on with
/// the oldest one that is left. As Tokio's `RecvError::Lagged`.
class broadcast_lagged : public std::runtime_error {
 public:
  explicit broadcast_lagged(std::uint64_t missed);

  /// How many messages were lost for this receiver.
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

 private:
  std::uint64_t missed_;
};

}  // namespace charkha
