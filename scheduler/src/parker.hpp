// SPDX-License-Identifier: Apache-2.0
// Blocks one thread until another gives it a token, or until a deadline.
//
//   empty --park()--> parked --unpark(): token + wake--> token --park() returns--> empty
//   empty --unpark()--> token: the next park() returns at once
#pragma once

#include <atomic>
#include <cstdint>

namespace charkha::detail {

class parker {
 public:
  parker() noexcept = default;
  parker(const parker&) = delete;
  parker& operator=(const parker&) = delete;

  static constexpr std::int64_t never = INT64_MAX;

  /// Blocks until there is a token, and takes it, or until the steady clock reads `deadline` (nanoseconds since its
  /// epoch). False: the deadline came first. Returns late by the kernel's timer slack, never early. Owner only.
  [[nodiscard]] bool park_until(std::int64_t deadline) noexcept;

  /// Is there a token? It is left there. Owner only.
  [[nodiscard]] bool has_token() const noexcept { return state_.load(std::memory_order_relaxed) == token; }

  /// Gives a token. A second one before it is taken is the same token. Any thread.
  void unpark() noexcept;

 private:
  static constexpr std::uint32_t empty = 0, token = 1, parked = 2;
  std::atomic<std::uint32_t> state_{empty};
};

}  // namespace charkha::detail
