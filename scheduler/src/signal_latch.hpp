// SPDX-License-Identifier: Apache-2.0
// Something that happens once, which threads wait for and which a signal handler may announce.
//
//   unset --set(): any number of times--> set, for good
#pragma once

#include <atomic>
#include <climits>
#include <cstdint>

#include "futex.hpp"

namespace charkha::detail {

class signal_latch {
 public:
  signal_latch() noexcept = default;
  signal_latch(const signal_latch&) = delete;
  signal_latch& operator=(const signal_latch&) = delete;

  /// From any thread, also in a signal handler: a store to a lock-free atomic and one system call, neither of which
  /// allocates, locks or changes errno.
  void set() noexcept {
    static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
    // [latch-set] release: what the setter did before, for whoever sees the latch set.
    word_.store(1, std::memory_order_release);
    futex_wake(word_, INT_MAX);
  }
  [[nodiscard]] bool is_set() const noexcept {
    return word_.load(std::memory_order_acquire) != 0;  // [latch-set]
  }
  /// Blocks until it is set. Any number of threads.
  void wait() noexcept {
    while (!is_set()) static_cast<void>(futex_wait(word_, 0, futex_never));
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace charkha::detail
