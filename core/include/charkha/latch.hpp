// SPDX-License-Identifier: Apache-2.0
// latch: tasks wait until a number of things have happened.
//
// Invariant, under the lock: somebody waits => the count is not zero. It only goes down.
#pragma once

#include <cstddef>

#include "charkha/detail/wait_queue.hpp"

namespace charkha {

class latch;

namespace detail {

class [[nodiscard]] latch_wait final : public queued_awaiter<latch_wait> {
 public:
  explicit latch_wait(latch& owner) noexcept : queued_awaiter("latch"), owner_(owner) {}
  latch_wait(latch_wait&&) noexcept = default;
  ~latch_wait() { withdraw(); }
  void await_resume() { finish(); }

 private:
  friend queued_awaiter;
  [[nodiscard]] wait_site& site() const noexcept;
  [[nodiscard]] bool enter(wake_list& woken) const noexcept;
  [[nodiscard]] wait_list& line() const noexcept;
  void leave(bool /*granted*/, wake_list& /*woken*/) const noexcept {}

  latch& owner_;
};

}  // namespace detail

/// A count that goes down to zero once, and tasks that wait for that. As `std::latch`, for tasks.
///
/// Belongs to the first runtime whose task has to wait for it; a wait from another one throws usage_error.
/// count_down() and try_wait() may be called from any thread. Must outlive those who wait; may be destroyed by a task
/// whose wait() has returned, even if the one who counted down is still inside count_down().
class latch {
 public:
  /// `count` things are waited for: 0 or more, else std::invalid_argument is thrown.
  explicit latch(std::ptrdiff_t count);
  latch(const latch&) = delete;
  latch& operator=(const latch&) = delete;

  /// `happened` more things have happened. At zero, all who wait are woken in the order in which they came, and see what
  /// was written before. Throws usage_error, and changes nothing, if that is more than are left, or negative.
  void count_down(std::ptrdiff_t happened = 1);
  /// Suspends until the count is zero; not at all if it is. Resumes on the worker of the one who counted down to zero.
  /// Cancellation ends the wait: throws cancelled_error.
  [[nodiscard]] detail::latch_wait wait() noexcept { return detail::latch_wait(*this); }
  /// count_down(), then wait(). Counts when it is called, not when it is awaited.
  [[nodiscard]] detail::latch_wait arrive_and_wait(std::ptrdiff_t happened = 1) {
    count_down(happened);
    return wait();
  }
  /// Is the count zero?
  [[nodiscard]] bool try_wait() const noexcept {
    const detail::spin_guard guard(site_.lock);
    return count_ == 0;
  }

 private:
  friend detail::latch_wait;
  [[nodiscard]] bool lower(std::ptrdiff_t by) noexcept;

  mutable detail::wait_site site_;
  std::ptrdiff_t count_ CHARKHA_GUARDED_BY(site_.lock);
  detail::wait_list waiters_ CHARKHA_GUARDED_BY(site_.lock);
};

}  // namespace charkha
