// SPDX-License-Identifier: Apache-2.0
// A thread outside the runtime that blocks until something is complete, or until its time is up.
#pragma once

#include <cstdint>

#include "charkha/detail/waiter_list.hpp"
#include "parker.hpp"

namespace charkha::detail {

class thread_waiter final : public waiter {
 public:
  thread_waiter() noexcept = default;
  [[nodiscard]] ready_item* completed() noexcept override {
    parker_.unpark();
    return nullptr;
  }
  /// Until the waiters are released or the steady clock reads `deadline`. False: the deadline came first.
  [[nodiscard]] bool wait(waiter_list& waiters, std::int64_t deadline) noexcept {
    if (!waiters.add(*this) || parker_.park_until(deadline)) return true;
    return !waiters.remove(*this);
  }

 private:
  parker parker_;
};

}  // namespace charkha::detail
