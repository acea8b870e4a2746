// SPDX-License-Identifier: Apache-2.0
// semaphore: a number of permits that tasks take and return.
//
// A permit is handed straight from the one who returns it to the one who has waited longest.
// Invariants, under the lock
//   S1  permits (value_) + permits on their way to waiters (arriving_) + permits held = initial + releases - acquires
//   S2  somebody waits => value_ == 0, or somebody is on his way (arriving_ > 0) who will pass on what is there
//   S3  a newcomer takes a permit only if nobody waits and nobody is on his way: no barging.
#pragma once

#include <cstddef>

#include "charkha/detail/wait_queue.hpp"
#include "charkha/guard.hpp"

namespace charkha {

class semaphore;

namespace detail {

class semaphore_wait : public queued_awaiter<semaphore_wait> {
 public:
  explicit semaphore_wait(semaphore& owner) noexcept : queued_awaiter("semaphore"), owner_(owner) {}
  semaphore_wait(semaphore_wait&&) noexcept = default;
  ~semaphore_wait() { withdraw(); }

  void await_resume() { finish(); }

 protected:
  [[nodiscard]] semaphore& owner() const noexcept { return owner_; }

 private:
  friend queued_awaiter;
  [[nodiscard]] wait_site& site() const noexcept;
  [[nodiscard]] bool enter(wake_list& woken) const noexcept;
  [[nodiscard]] wait_list& line() const noexcept;
  void arrive(wake_list& woken) const noexcept;
  void leave(bool granted, wake_list& woken) const noexcept;

  semaphore& owner_;
};

class [[nodiscard]] semaphore_hold final : public semaphore_wait {
 public:
  using semaphore_wait::semaphore_wait;
  guard<semaphore> await_resume();
};

}  // namespace detail

/// A number of permits. As `asyncio.Semaphore`, fair: permits go to tasks in the order in which they asked.
///
/// Belongs to the first runtime whose task has to wait for it; a wait from another one throws usage_error. release(),
/// try_acquire() and locked() may be called from any thread. Must outlive those who wait and those who hold permits.
class semaphore {
 public:
  /// `permits` can be taken before somebody has to wait: 0 or more, else std::invalid_argument is thrown.
  explicit semaphore(std::ptrdiff_t permits = 1);
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;

  /// Takes a permit; suspends until it is this task's turn if there is none, or if others wait. Resumes on the worker
  /// of the one who returned a permit. Cancellation ends the wait, and a permit that was on its way goes on to the next:
  /// throws cancelled_error.
  [[nodiscard]] detail::semaphore_wait acquire() noexcept { return detail::semaphore_wait(*this); }
  /// As acquire(), and gives a guard that returns the permit: `auto permit = co_await s.hold();`.
  [[nodiscard]] detail::semaphore_hold hold() noexcept { return detail::semaphore_hold(*this); }
  /// Takes a permit if that needs no waiting.
  [[nodiscard]] bool try_acquire() noexcept {
    const detail::spin_guard guard(site_.lock);
    return take();
  }

  /// Returns a permit, or adds one; it goes to whoever has waited longest. More than PTRDIFF_MAX of them at a time (a
  /// bounded_semaphore: than there were at first) throws usage_error.
  void release() { release(1); }
  /// The same with `permits` of them at once, or with none if they are too many. 0 or more, else std::invalid_argument
  /// is thrown.
  void release(std::ptrdiff_t permits) {
    if (!give(permits)) refuse(permits);
  }

  /// Would acquire() have to wait at this moment: is there no permit, or is somebody waiting?
  [[nodiscard]] bool locked() const noexcept {
    const detail::spin_guard guard(site_.lock);
    return value_ == 0 || arriving_ > 0;  // S2: this covers all who wait
  }

 protected:
  semaphore(std::ptrdiff_t permits, std::ptrdiff_t limit);

 private:
  friend detail::semaphore_wait;

  [[nodiscard]] bool take() noexcept CHARKHA_REQUIRES(site_.lock) {
    if (value_ == 0 || arriving_ > 0) return false;
    --value_;
    return true;
  }
  [[nodiscard]] bool give(std::ptrdiff_t permits) noexcept {
    detail::wake_list woken;
    const detail::spin_guard guard(site_.lock);
    if (permits < 0 || permits > limit_ - value_) return false;
    value_ += permits;
    if (!waiters_.empty()) hand_out(permits, woken);
    return true;
  }
  [[noreturn]] void refuse(std::ptrdiff_t permits) const;
  void hand_out(std::ptrdiff_t limit, detail::wake_list& woken) noexcept CHARKHA_REQUIRES(site_.lock);

  mutable detail::wait_site site_;
  std::ptrdiff_t value_ CHARKHA_GUARDED_BY(site_.lock);         // permits that anybody may take
  std::ptrdiff_t arriving_ CHARKHA_GUARDED_BY(site_.lock) = 0;  // waiters that have a permit and have not resumed
  const std::ptrdiff_t limit_;                                  // of value_
  detail::wait_list waiters_ CHARKHA_GUARDED_BY(site_.lock);
};

}  // namespace charkha
