// SPDX-License-Identifier: Apache-2.0
// condition: tasks that hold a lock wait until another one says that something has changed.
//
//   holds the lock --wait: releases it--> waits --notified--> takes the lock again, returns
//                                           '--cancelled--> takes the lock again, throws
// Invariant: a notification is used by a waiter that returns from wait(). One that throws notifies another, whether or
// not it had been notified: a wake-up for nothing is allowed, and the order of events is asyncio's.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <type_traits>

#include "charkha/coro.hpp"
#include "charkha/detail/wait_queue.hpp"
#include "charkha/lock.hpp"

namespace charkha {

class condition;

namespace detail {

/// The part of a wait that is without the lock.
class [[nodiscard]] condition_wait final : public queued_awaiter<condition_wait> {
 public:
  explicit condition_wait(condition& owner) noexcept : queued_awaiter("condition"), owner_(owner) {}
  condition_wait(condition_wait&&) noexcept = default;
  ~condition_wait() { withdraw(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) {
    return wait(*frame.promise().task, frame);
  }
  void await_resume() { finish(); }

 private:
  friend queued_awaiter;
  bool wait(task_core& self, std::coroutine_handle<> frame);
  [[nodiscard]] wait_site& site() const noexcept;
  void leave(bool /*granted*/, wake_list& /*woken*/) const noexcept {}

  condition& owner_;
};

}  // namespace detail

/// Lets tasks that hold a lock wait for a change that another one makes under the same lock. As `asyncio.Condition`.
///
/// Belongs to the first runtime whose task waits for it; a wait from another one throws usage_error. The functions that
/// do not wait may be called from any thread that has the lock. Must outlive those who wait.
class condition {
 public:
  /// With a lock of its own.
  condition() noexcept : lock_(own_) {}
  /// With the caller's lock, which other conditions may share and which must outlive this.
  explicit condition(lock& shared) noexcept : lock_(shared) {}
  condition(const condition&) = delete;
  condition& operator=(const condition&) = delete;

  /// The lock's functions.
  [[nodiscard]] detail::lock_wait acquire() noexcept { return lock_.acquire(); }
  [[nodiscard]] detail::lock_hold hold() noexcept { return lock_.hold(); }
  [[nodiscard]] bool try_acquire() noexcept { return lock_.try_acquire(); }
  void release() { lock_.release(); }
  [[nodiscard]] bool locked() const noexcept { return lock_.locked(); }

  /// Releases the lock, waits for a notification, and takes the lock again. Those who wait are notified in the order in
  /// which they came. Look at what you waited for again afterwards: others may have had the lock in between.
  /// Cancellation ends the wait, but the lock is taken again first, however long that takes; then another waiter is
  /// notified, since a notification may have been lost here, and cancelled_error is thrown. Throws usage_error when nobody
  /// holds the lock.
  [[nodiscard]] coro<> wait();

  /// Waits until `predicate()` is true, and gives what it returned; does not wait, and needs no lock, if that is so at
  /// once. It is called with the lock held. As `wait_for`.
  template <class Predicate>
    requires std::predicate<Predicate&>
  [[nodiscard]] coro<std::decay_t<std::invoke_result_t<Predicate&>>> wait(Predicate predicate) {
    auto result = std::invoke(predicate);
    while (!result) {
      co_await wait();
      result = std::invoke(predicate);
    }
    co_return result;
  }

  /// Wakes the `count` tasks that have waited longest, or as many as wait. They go on when they have got the lock, which
  /// this does not release. Throws usage_error when nobody holds the lock.
  void notify(std::size_t count = 1);
  /// Wakes all who wait.
  void notify_all() { notify(static_cast<std::size_t>(-1)); }

 private:
  friend detail::condition_wait;
  void wake(std::size_t count) noexcept;

  lock own_;  // not used with a lock of the caller's
  lock& lock_;
  detail::wait_site site_;
  detail::wait_list waiters_ CHARKHA_GUARDED_BY(site_.lock);
};

}  // namespace charkha
