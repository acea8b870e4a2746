// SPDX-License-Identifier: Apache-2.0
// lock: one task at a time.
//
//   free --acquire--> held --release, nobody waits--> free
//                      |  ^
//     release, handed  v  | the one who was handed it resumes
//                  on its way --he was cancelled, nobody else waits--> free
//
// Invariants, under the lock's own spin lock
//   L1  somebody waits => held or on its way
//   L2  on its way <=> exactly one waiter is granted and has not resumed. Only he takes it from there.
#pragma once

#include <cstdint>

#include "charkha/detail/lock_holder.hpp"
#include "charkha/detail/wait_queue.hpp"
#include "charkha/guard.hpp"

namespace charkha {

class lock;

namespace detail {

enum class lock_state : std::uint8_t { free, on_its_way, held };

class [[nodiscard]] lock_wait : public queued_awaiter<lock_wait> {
 public:
  explicit lock_wait(lock& owner) noexcept : queued_awaiter("lock"), owner_(owner) {}
  lock_wait(lock_wait&&) noexcept = default;
  ~lock_wait() { withdraw(); }

  /// Who holds the lock from now on, if it is free.
  void awaited_by(task_core& task) noexcept { belong_to(task); }
  void await_resume() { finish(); }
  [[nodiscard]] std::uint64_t holder() const noexcept override;

 protected:
  [[nodiscard]] lock& owner() const noexcept { return owner_; }

 private:
  friend queued_awaiter;
  [[nodiscard]] wait_site& site() const noexcept;
  [[nodiscard]] bool enter(wake_list& woken) const noexcept;
  [[nodiscard]] wait_list& line() const noexcept;
  void arrive(wake_list& woken) const noexcept;
  void leave(bool granted, wake_list& woken) const noexcept;

  lock& owner_;
};

class [[nodiscard]] lock_hold final : public lock_wait {
 public:
  using lock_wait::lock_wait;
  guard<lock> await_resume();
};

}  // namespace detail

/// Mutual exclusion between tasks, across suspensions. As `asyncio.Lock`.
///
/// Fair: it is handed from the one who releases it to the one who has waited longest, and nobody takes it in between.
/// Not bound to an owner: any task or thread may release it. Belongs to the first runtime whose task has to wait for it;
/// a wait from another one throws usage_error. release(), try_acquire() and locked() may be called from any thread. Must
/// outlive those who wait and those who hold it.
///
/// any_task::waiting_for() of those who wait names the task that has it: the one that took it, wherever the guard went
/// since. Taken by try_acquire() outside of tasks, or by a task of another runtime, it is held by nobody known.
class lock {
 public:
  /// Free.
  lock() noexcept = default;
  lock(const lock&) = delete;
  lock& operator=(const lock&) = delete;

  /// Takes the lock; suspends while others have it. Resumes on the worker of the one who released it. Cancellation ends
  /// the wait, and a lock that was on its way here goes on to the next: throws cancelled_error.
  [[nodiscard]] detail::lock_wait acquire() noexcept { return detail::lock_wait(*this); }
  /// As acquire(), and gives a guard that releases it: `auto held = co_await l.hold();`.
  [[nodiscard]] detail::lock_hold hold() noexcept { return detail::lock_hold(*this); }
  /// Takes the lock if it is free.
  [[nodiscard]] bool try_acquire() noexcept {
    const auto by = detail::lock_holder::running();
    const detail::spin_guard guard(site_.lock);
    return take(by);
  }

  /// Gives the lock to the one who has waited longest, or frees it. Throws usage_error if nobody holds it, also when it
  /// is on its way to a waiter: then it has been released already.
  void release() {
    if (!give()) refuse();
  }

  /// Does somebody hold it at this moment? Not while it is on its way to the next one, who has not resumed; no other
  /// can take it then.
  [[nodiscard]] bool locked() const noexcept {
    const detail::spin_guard guard(site_.lock);
    return state_ == state::held;
  }

 private:
  friend detail::lock_wait;
  using state = detail::lock_state;

  [[nodiscard]] bool take(detail::lock_holder by) noexcept CHARKHA_REQUIRES(site_.lock) {
    if (state_ != state::free) return false;
    state_ = state::held;
    holder_ = by;
    return true;
  }
  [[nodiscard]] bool give() noexcept {
    detail::wake_list woken;
    const detail::spin_guard guard(site_.lock);
    if (state_ != state::held) return false;
    pass_on(woken);
    return true;
  }
  void pass_on(detail::wake_list& woken) noexcept CHARKHA_REQUIRES(site_.lock) {
    state_ = waiters_.grant_oldest(woken) ? state::on_its_way : state::free;
  }
  [[noreturn]] static void refuse();

  mutable detail::wait_site site_;
  state state_ CHARKHA_GUARDED_BY(site_.lock) = state::free;
  detail::lock_holder holder_ CHARKHA_GUARDED_BY(site_.lock);  // the last one
  detail::wait_list waiters_ CHARKHA_GUARDED_BY(site_.lock);
};

namespace detail {

// What a free lock takes is inlined: that is the usual case.
inline wait_site& lock_wait::site() const noexcept { return owner_.site_; }
inline bool lock_wait::enter(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  return owner_.take(lock_holder(task()));
}
inline guard<lock> lock_hold::await_resume() {
  finish();
  return guard<lock>(owner());
}

}  // namespace detail

}  // namespace charkha
