// SPDX-License-Identifier: Apache-2.0
// event: tasks wait until somebody sets a flag.
//
// Invariants, under the lock: set => nobody waits. A task that waits at the moment of a set() is woken by it, whatever
// follows. A wait looks under the lock even when the flag is set: so whoever set it has left, and the task that waited
// may destroy the event.
#pragma once

#include <atomic>

#include "charkha/detail/wait_queue.hpp"

namespace charkha {

class event;

namespace detail {

class [[nodiscard]] event_wait final : public queued_awaiter<event_wait> {
 public:
  explicit event_wait(event& owner) noexcept : queued_awaiter("event"), owner_(owner) {}
  event_wait(event_wait&&) noexcept = default;
  ~event_wait() { withdraw(); }

  void await_resume() { finish(); }

 private:
  friend queued_awaiter;
  [[nodiscard]] wait_site& site() const noexcept;
  [[nodiscard]] bool enter(wake_list& woken) const noexcept;
  [[nodiscard]] wait_list& line() const noexcept;
  void leave(bool /*granted*/, wake_list& /*woken*/) const noexcept {}

  event& owner_;
};

}  // namespace detail

/// A flag that tasks wait for. As `asyncio.Event`.
///
/// Belongs to the first runtime whose task has to wait for it; a wait from another one throws usage_error. set(),
/// clear() and is_set() may be called from any thread. Must outlive those who wait; may be destroyed by a task whose wait
/// has returned, even if the one who set it is still inside set().
class event {
 public:
  /// Not set.
  event() noexcept = default;
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  /// Suspends until the event is set; not at all if it is. Whoever waits when set() is called is woken, in the order in
  /// which they came, even if clear() follows at once. Resumes on the worker of the one who set it. Cancellation ends
  /// the wait: throws cancelled_error.
  [[nodiscard]] detail::event_wait wait() noexcept { return detail::event_wait(*this); }

  /// Sets it and wakes all who wait. What was written before is visible to them. Does nothing if it is set.
  void set() noexcept;
  /// Takes the flag back: later waits suspend again.
  void clear() noexcept;
  /// Is it set at this moment?
  [[nodiscard]] bool is_set() const noexcept {
    // [event-set] acquire: what was written before set(), for whoever need not wait.
    return set_.load(std::memory_order_acquire);
  }

 private:
  friend detail::event_wait;

  detail::wait_site site_;
  std::atomic<bool> set_{false};  // written under the lock
  detail::wait_list waiters_ CHARKHA_GUARDED_BY(site_.lock);
};

namespace detail {

inline wait_site& event_wait::site() const noexcept { return owner_.site_; }
inline bool event_wait::enter(wake_list& /*woken*/) const noexcept { return owner_.is_set(); }
inline wait_list& event_wait::line() const noexcept CHARKHA_REQUIRES(owner_.site_.lock) { return owner_.waiters_; }

}  // namespace detail

}  // namespace charkha
