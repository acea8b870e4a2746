// SPDX-License-Identifier: Apache-2.0
#include "parker.hpp"

#include <algorithm>

#include "futex.hpp"

namespace charkha::detail {

bool parker::park_until(std::int64_t deadline) noexcept {
  auto state = empty;
  if (!state_.compare_exchange_strong(state, parked, std::memory_order_relaxed, std::memory_order_relaxed)) {
    // [park-token] acquire: what the unparker did before is visible after. By exchange: a second unparker may just
    // have found the token there, and his writes must be seen too.
    static_cast<void>(state_.exchange(empty, std::memory_order_acquire));
    return true;
  }
  deadline = std::max<std::int64_t>(deadline, 0);
  for (;;) {
    const bool timed_out = !futex_wait(state_, parked, deadline);
    if (!timed_out && state_.load(std::memory_order_relaxed) == parked) continue;  // spurious
    // [park-token] acquire, as above; one exchange both takes the token and ends the parking.
    return state_.exchange(empty, std::memory_order_acquire) == token;
  }
}

void parker::unpark() noexcept {
  // [park-token] release.
  if (state_.exchange(token, std::memory_order_release) == parked) {
    futex_wake(state_, 1);
  }
}

}  // namespace charkha::detail
