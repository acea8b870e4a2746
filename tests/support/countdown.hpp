// SPDX-License-Identifier: Apache-2.0
// A gate that opens itself when it has been counted down: "all of them have come this far".
#pragma once

#include <atomic>

#include "support/gate.hpp"

namespace charkha::test {

class countdown {
 public:
  explicit countdown(int count) noexcept : left_(count) {}

  /// From any thread.
  void arrive() noexcept {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) gate_.open();
  }
  /// Suspends until all have arrived.
  gate::awaiter wait() noexcept { return gate_.wait(); }

 private:
  std::atomic<int> left_;
  gate gate_;
};

}  // namespace charkha::test
