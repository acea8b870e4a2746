// SPDX-License-Identifier: Apache-2.0
#include "parker.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace charkha::detail {

namespace {

// FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC, which is what std::chrono::steady_clock counts.
long futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline) noexcept {
  timespec until{};
  until.tv_sec = static_cast<time_t>(deadline / 1'000'000'000);
  until.tv_nsec = static_cast<long>(deadline % 1'000'000'000);
  return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline == parker::never ? nullptr : &until,
                 nullptr, FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

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
    const bool timed_out = futex_wait(state_, parked, deadline) != 0 && errno == ETIMEDOUT;
    if (!timed_out && state_.load(std::memory_order_relaxed) == parked) continue;  // spurious
    // [park-token] acquire, as above; one exchange both takes the token and ends the parking.
    return state_.exchange(empty, std::memory_order_acquire) == token;
  }
}

void parker::unpark() noexcept {
  // [park-token] release.
  if (state_.exchange(token, std::memory_order_release) == parked) {
    syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }
}

}  // namespace charkha::detail
