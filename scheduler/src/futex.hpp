// SPDX-License-Identifier: Apache-2.0
// The kernel's wait for a word to change, and the wake-up for those who wait.
#pragma once

#include <atomic>
#include <cstdint>

namespace charkha::detail {

inline constexpr std::int64_t futex_never = INT64_MAX;

/// Blocks while the word holds `expected`, until woken or until the steady clock reads `deadline` (nanoseconds since its
/// epoch, not negative). False: the deadline came. May return early, when a signal comes for instance.
[[nodiscard]] bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline) noexcept;

/// Wakes at most `count` threads that wait for the word. Async-signal-safe: one system call, and errno is kept.
void futex_wake(std::atomic<std::uint32_t>& word, int count) noexcept;

}  // namespace charkha::detail
