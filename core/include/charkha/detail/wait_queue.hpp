// SPDX-License-Identifier: Apache-2.0
// How tasks queue for a primitive (lock, event, queue, ...): one lock for its state, lists of those who wait, first in
// first out, and what a waiter gets handed straight from the one who has it to give.
//
//   outside --join--> linked --taken out and claimed: granted--> outside, resumes with the grant
//                        |                                           '-- a cancel was faster than the resumption (R31):
//                        |                                               leave() gives the grant back and passes it on
//                        '--cancelled, or its frame destroyed--> withdraw: takes itself out
//
// Invariants
//   Q1  a waiter is granted at most once, and a grant is used or given back exactly once: by arrive()/finish() when it
//       resumes, by leave() when it is cancelled or destroyed.
//   Q2  whoever takes a waiter out whose wait is closed already (it was cancelled) goes on to the next: a grant never
//       rests with somebody who will not take it.
//   Q3  tasks are made ready after the lock is released. A waiter that was not made ready by its granter (it was still
//       suspending, or held by a canceller) passes through the lock before it goes on: then the granter has left the
//       primitive, and the task may destroy it.
//   Q4  whoever holds a waiting task, to look at it, may use the primitive if the waiter is not orphaned: the primitive's
//       end orphans its waiters and then lets each one's holder finish.
//   Q5  a runtime that is torn down has all its waiters withdraw before it destroys the first frame: then the primitive
//       may lie in one of those, and who releases it there finds nobody who waits.
//   Q6  a look in vain keeps the lock until the task is in line: between await_ready() and await_suspend() nothing runs
//       but the suspension. Under the lock only the primitive's state and its lines are touched; what a task has to do
//       that turns away from its children's work, which may run user code, it does after it.
// A primitive must outlive those who hold something of it. If it goes while tasks wait, they wait on until cancelled.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <string_view>
#include <utility>

#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "charkha/detail/wait_operation.hpp"

namespace charkha::detail {

class wait_list;
class wake_list;

/// What a primitive has once: the lock of its state, and the runtime whose tasks may wait for it.
class wait_site {
 public:
  wait_site() noexcept = default;

  /// The first task that has to wait binds the primitive to its runtime (R73). False: it is bound to another one.
  [[nodiscard]] bool bind(const executor& runtime) noexcept CHARKHA_REQUIRES(lock) {
    if (runtime_ == nullptr) runtime_ = &runtime;
    return runtime_ == &runtime;
  }

  spin_lock lock;

 private:
  const executor* runtime_ CHARKHA_GUARDED_BY(lock) = nullptr;  // only ever compared
};

[[noreturn]] void throw_bound_elsewhere(std::string_view what);

/// The wait of one task for one primitive; lives in the awaiter.
class queued_wait : public wait_operation {
 public:
  [[nodiscard]] std::string_view describe() const noexcept final { return what_; }

 protected:
  explicit queued_wait(std::string_view what) noexcept : what_(what) {}
  queued_wait(queued_wait&& idle) noexcept : wait_operation(static_cast<wait_operation&&>(idle)), what_(idle.what_) {}
  ~queued_wait() = default;

  /// Under the site's lock: the wait begins, at the back of `line`.
  void join(wait_list& line, task_core& task, std::coroutine_handle<> frame) noexcept;
  /// After join(), without the lock: what a task has to do that turns away from its children's work may be anything, up to
  /// the callbacks of those who want to know of a cancel request. False: the wait is over, do not suspend.
  [[nodiscard]] bool suspend_in_line() noexcept {
    task().look_for_cancel();
    return suspend();
  }

  /// The primitive is gone. For whoever holds the waiting task: if not, it stays until he lets go.
  [[nodiscard]] bool is_orphaned() const noexcept { return orphaned_.load(std::memory_order_relaxed); }

  /// What the granter wrote down for this waiter; what it means is the primitive's. After the grant.
  [[nodiscard]] std::ptrdiff_t gift() const noexcept { return gift_; }

  std::string_view what_;

  // The waiting task only.
  bool waits_ = false;  // joined, and neither finished nor withdrawn

 private:
  friend wait_list;
  friend wake_list;
  template <class>
  friend class queued_awaiter;

  // Guarded by the site's lock; by the waker alone from the claim until the task is made ready.
  queued_wait* next_ = nullptr;
  queued_wait* previous_ = nullptr;
  wait_list* line_ = nullptr;  // the list it is in
  std::ptrdiff_t gift_ = 0;
  bool granted_ = false;               // taken out, and its wait closed by the one who took it out
  bool woken_ = false;                 // made ready by him, after he had left the lock
  std::atomic<bool> orphaned_{false};  // the primitive is gone
};

/// Tasks to be made ready, in order, when the list goes, which must be after the lock is released: declare it before the
/// guard of the lock.
class wake_list {
 public:
  wake_list() noexcept = default;
  ~wake_list() {
    if (first_ != nullptr) wake();
  }
  wake_list(const wake_list&) = delete;
  wake_list& operator=(const wake_list&) = delete;

 private:
  friend wait_list;
  void add(queued_wait& wait) noexcept;
  void wake() noexcept;

  queued_wait* first_ = nullptr;
  queued_wait* last_ = nullptr;
};

/// Those who wait for one thing, oldest first. All calls under the site's lock.
class wait_list {
 public:
  wait_list() noexcept = default;
  ~wait_list();
  wait_list(const wait_list&) = delete;
  wait_list& operator=(const wait_list&) = delete;

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] queued_wait& oldest() const noexcept { return *first_; }

  /// Takes out the oldest waiter and closes its wait. False: it had been cancelled. Not when it is empty.
  [[nodiscard]] bool grant_one(wake_list& woken) noexcept { return grant(*first_, woken, 0); }
  /// Takes out the oldest waiter that was not cancelled, closes its wait and gives it `gift`. False: there is none.
  bool grant_oldest(wake_list& woken, std::ptrdiff_t gift = 0) noexcept {
    while (first_ != nullptr) {
      if (grant(*first_, woken, gift)) return true;
    }
    return false;
  }
  /// The same with all.
  void grant_all(wake_list& woken, std::ptrdiff_t gift = 0) noexcept {
    while (grant_oldest(woken, gift)) {
    }
  }

  void remove(queued_wait& wait) noexcept;

 private:
  friend queued_wait;
  void add(queued_wait& wait) noexcept;
  [[nodiscard]] bool grant(queued_wait& wait, wake_list& woken, std::ptrdiff_t gift) noexcept;

  queued_wait* first_ = nullptr;
  queued_wait* last_ = nullptr;
};

/// The awaiter of a primitive. `Wait` derives from it and gives, all called under the lock of site():
///   wait_site& site()
///   bool enter(wake_list&)               takes what is awaited, if it can be had without waiting; else wakes nobody
///   wait_list& line()                    where to wait otherwise
///   void leave(bool granted, wake_list&) gives up: gives the grant back and passes it on
///   void arrive(wake_list&)              optional: the resumption of a granted waiter that was not cancelled
/// Its await_resume() begins with finish(), its destructor calls withdraw().
// Without thread-safety analysis, which cannot tell that site().lock is the lock that guards the Wait's primitive.
template <class Wait>
class queued_awaiter : public queued_wait {
 public:
  /// False: the lock stays taken for await_suspend(), which is what comes next.
  [[nodiscard]] bool await_ready() noexcept CHARKHA_NO_THREAD_SAFETY_ANALYSIS {
    spin_lock& lock = self().site().lock;
    lock.lock();
    // After the lock, which may be a call: an empty list then stays in registers, out of the coroutine's frame.
    wake_list woken;
    if (!self().enter(woken)) return false;
    lock.unlock();
    return true;
  }

  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) CHARKHA_NO_THREAD_SAFETY_ANALYSIS {
    task_core& task = *frame.promise().task;
    wait_site& site = self().site();
    if (!site.bind(task.runtime)) [[unlikely]]
      refuse();
    join(self().line(), task, frame);
    site.lock.unlock();
    return suspend_in_line();
  }

  void abandon() noexcept final { withdraw(); }

 protected:
  using queued_wait::queued_wait;
  ~queued_awaiter() = default;

  /// Throws cancelled_error if a cancel request is to be delivered here, after withdrawing. Does nothing if the task
  /// did not have to wait.
  void finish() CHARKHA_NO_THREAD_SAFETY_ANALYSIS {
    if (!waits_) return;
    if (resumed_by_cancel()) {
      withdraw();
      throw_cancelled(task());
    }
    waits_ = false;
    if constexpr (requires(wake_list& woken) { self().arrive(woken); }) {
      wake_list woken;
      const spin_guard guard(self().site().lock);
      self().arrive(woken);
    } else if (!woken_) {
      const spin_guard guard(self().site().lock);  // Q3
    }
  }

  /// Takes itself out, and gives back what it was granted. For a wait that was cancelled, or whose frame goes.
  void withdraw() noexcept CHARKHA_NO_THREAD_SAFETY_ANALYSIS {
    if (!waits_) return;
    waits_ = false;
    if (is_orphaned()) return;
    wake_list woken;
    const spin_guard guard(self().site().lock);
    if (line_ != nullptr) line_->remove(*this);
    self().leave(granted_, woken);
  }

 private:
  friend Wait;
  /// Instead of joining a line.
  [[noreturn]] void refuse() CHARKHA_NO_THREAD_SAFETY_ANALYSIS {
    {
      wake_list woken;
      self().leave(false, woken);
      self().site().lock.unlock();
    }
    throw_bound_elsewhere(what_);
  }
  queued_awaiter(queued_awaiter&&) noexcept = default;
  [[nodiscard]] Wait& self() noexcept { return static_cast<Wait&>(*this); }
};

}  // namespace charkha::detail
