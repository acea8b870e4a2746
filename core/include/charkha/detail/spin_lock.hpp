// SPDX-License-Identifier: Apache-2.0
// A lock for a handful of instructions: linking a node, moving a pointer. Never held while user code runs or while a
// thread may block.
#pragma once

#include <atomic>

#include "charkha/detail/backoff.hpp"
#include "charkha/detail/thread_safety.hpp"

namespace charkha::detail {

class CHARKHA_CAPABILITY("spin_lock") spin_lock {
 public:
  spin_lock() noexcept = default;
  spin_lock(const spin_lock&) = delete;
  spin_lock& operator=(const spin_lock&) = delete;

  void lock() noexcept CHARKHA_ACQUIRE() {
    if (!try_take()) wait();
  }

  void unlock() noexcept CHARKHA_RELEASE() {
    // [spin-lock] release: the next holder sees what this one wrote.
    locked_.store(false, std::memory_order_release);
  }

 private:
  [[nodiscard]] bool try_take() noexcept {
    // [spin-lock] acquire: what the last holder wrote is visible inside.
    return !locked_.exchange(true, std::memory_order_acquire);
  }
  [[gnu::noinline, gnu::cold]] void wait() noexcept {
    backoff pause;
    do {
      pause();
    } while (locked_.load(std::memory_order_relaxed) || !try_take());
  }

  std::atomic<bool> locked_{false};
};

/// Holds a spin_lock for a scope.
class CHARKHA_SCOPED_CAPABILITY spin_guard {
 public:
  explicit spin_guard(spin_lock& lock) noexcept CHARKHA_ACQUIRE(lock) : lock_(lock) { lock_.lock(); }
  ~spin_guard() CHARKHA_RELEASE() { lock_.unlock(); }
  spin_guard(const spin_guard&) = delete;
  spin_guard& operator=(const spin_guard&) = delete;

 private:
  spin_lock& lock_;
};

}  // namespace charkha::detail
