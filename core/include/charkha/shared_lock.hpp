// SPDX-License-Identifier: Apache-2.0
// shared_lock: many readers, or one writer.
//
//   free --acquire_shared--> shared by n readers --the last release_shared--> free
//   free --acquire--> exclusive --release--> free           and from each straight on to those who have waited longest
//
// Invariants, under the lock's own spin lock
//   H1  never a writer and a reader, never two writers; those on their way to it count as having it
//   H2  somebody waits => the oldest waiter cannot have it now. Nobody overtakes him: readers who come behind a waiting
//       writer wait.
#pragma once

#include <cstddef>
#include <cstdint>

#include "charkha/detail/lock_holder.hpp"
#include "charkha/detail/wait_queue.hpp"
#include "charkha/guard.hpp"

namespace charkha {

class shared_lock;

namespace detail {

class shared_lock_wait : public queued_awaiter<shared_lock_wait> {
 public:
  shared_lock_wait(shared_lock& owner, bool shared) noexcept
      : queued_awaiter(shared ? "shared_lock (reader)" : "shared_lock (writer)"), owner_(owner), shared_(shared) {}
  shared_lock_wait(shared_lock_wait&&) noexcept = default;
  ~shared_lock_wait() { withdraw(); }

  /// Who writes from now on, if that is so.
  void awaited_by(task_core& task) noexcept { belong_to(task); }
  void await_resume() { finish(); }
  [[nodiscard]] std::uint64_t holder() const noexcept override;

 protected:
  [[nodiscard]] shared_lock& owner() const noexcept { return owner_; }

 private:
  friend queued_awaiter;
  friend shared_lock;
  [[nodiscard]] wait_site& site() const noexcept;
  [[nodiscard]] bool enter(wake_list& woken) const noexcept;
  [[nodiscard]] wait_list& line() const noexcept;
  void leave(bool granted, wake_list& woken) const noexcept;

  shared_lock& owner_;
  const bool shared_;
};

struct release_reader {
  template <class Lock>
  void operator()(Lock& held) const {
    held.release_shared();
  }
};

class [[nodiscard]] shared_lock_hold final : public shared_lock_wait {
 public:
  explicit shared_lock_hold(shared_lock& owner) noexcept : shared_lock_wait(owner, false) {}
  guard<shared_lock> await_resume();
};

class [[nodiscard]] shared_lock_hold_shared final : public shared_lock_wait {
 public:
  explicit shared_lock_hold_shared(shared_lock& owner) noexcept : shared_lock_wait(owner, true) {}
  guard<shared_lock, release_reader> await_resume();
};

}  // namespace detail

/// Many readers at a time or one writer, across suspensions. asyncio has no counterpart.
///
/// Fair: readers and writers get it in the order in which they came, readers next to each other together; neither can
/// starve the other. A reader that waits for a second share can therefore wait for a writer that waits for it: take one.
/// Not bound to owners. Belongs to the first runtime whose task has to wait for it; a wait from another one throws
/// usage_error. What does not wait may be called from any thread. Must outlive those who wait and those who hold it.
///
/// any_task::waiting_for() of those who wait names the task that writes, or is about to, as for a lock; readers are not
/// named.
class shared_lock {
 public:
  /// Free.
  shared_lock() noexcept = default;
  shared_lock(const shared_lock&) = delete;
  shared_lock& operator=(const shared_lock&) = delete;

  /// Takes it alone; suspends while others have it, or came before. Resumes on the worker of the last one to release it.
  /// Cancellation ends the wait, and what was on its way here goes on to the next: throws cancelled_error.
  [[nodiscard]] detail::shared_lock_wait acquire() noexcept { return {*this, false}; }
  /// Takes it together with other readers. As acquire() otherwise.
  [[nodiscard]] detail::shared_lock_wait acquire_shared() noexcept { return {*this, true}; }
  /// The same, with guards that release it.
  [[nodiscard]] detail::shared_lock_hold hold() noexcept { return detail::shared_lock_hold(*this); }
  [[nodiscard]] detail::shared_lock_hold_shared hold_shared() noexcept {
    return detail::shared_lock_hold_shared(*this);
  }
  /// Takes it if that needs no waiting.
  [[nodiscard]] bool try_acquire() noexcept;
  [[nodiscard]] bool try_acquire_shared() noexcept;

  /// The writer's end. Throws usage_error when nobody writes.
  void release();
  /// A reader's end. Throws usage_error when nobody reads.
  void release_shared();

  /// Does somebody write at this moment, or is about to?
  [[nodiscard]] bool locked() const noexcept;
  /// How many read at this moment, or are about to.
  [[nodiscard]] std::size_t readers() const noexcept;

 private:
  friend detail::shared_lock_wait;

  [[nodiscard]] bool can_enter(bool shared) const noexcept CHARKHA_REQUIRES(site_.lock) {
    return !writer_ && (shared || readers_ == 0);
  }
  void entered(bool shared, detail::lock_holder by) noexcept CHARKHA_REQUIRES(site_.lock);
  void left(bool shared) noexcept CHARKHA_REQUIRES(site_.lock);
  [[nodiscard]] bool take(bool shared, detail::lock_holder by) noexcept CHARKHA_REQUIRES(site_.lock);
  void admit(detail::wake_list& woken) noexcept CHARKHA_REQUIRES(site_.lock);
  [[nodiscard]] bool give(bool shared) noexcept;

  mutable detail::wait_site site_;
  std::size_t readers_ CHARKHA_GUARDED_BY(site_.lock) = 0;
  bool writer_ CHARKHA_GUARDED_BY(site_.lock) = false;
  detail::lock_holder holder_ CHARKHA_GUARDED_BY(site_.lock);  // the last writer
  detail::wait_list waiters_ CHARKHA_GUARDED_BY(site_.lock);
};

}  // namespace charkha
