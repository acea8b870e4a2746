// SPDX-License-Identifier: Apache-2.0
#include "futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace charkha::detail {

// FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC, which is what std::chrono::steady_clock counts.
bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline) noexcept {
  timespec until{};
  until.tv_sec = static_cast<time_t>(deadline / 1'000'000'000);
  until.tv_nsec = static_cast<long>(deadline % 1'000'000'000);
  const long result = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                              deadline == futex_never ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 || errno != ETIMEDOUT;
}

// A handler must leave errno as it was: the code that it interrupted may be about to read it.
void futex_wake(std::atomic<std::uint32_t>& word, int count) noexcept {
  const int before = errno;
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
  errno = before;
}

}  // namespace charkha::detail
