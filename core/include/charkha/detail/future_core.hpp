// SPDX-License-Identifier: Apache-2.0
// What everything has that ends once and can be awaited by many: who waits for it, how it ended, who refers to it. A task
// on the heap, a future, and what stands for a child of when_all are each one.
//
//   pending -- the owner writes the result, then complete_waiters() --> complete
//
// Who may touch what
//   was_cancelled_, the result   whoever completes it; read-only once the waiter list is closed
//   the rest                     any thread
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "charkha/detail/cancel_answer.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/result.hpp"
#include "charkha/detail/waiter_list.hpp"

namespace charkha::detail {

class executor;
class serial_queue;
class task_core;
class worker_context;

class future_core {
 public:
  future_core(const future_core&) = delete;
  future_core& operator=(const future_core&) = delete;

  [[nodiscard]] bool is_complete() const noexcept { return waiters.is_closed(); }

  // after completion

  [[nodiscard]] bool was_cancelled() const noexcept { return was_cancelled_; }
  [[nodiscard]] bool has_failed() const noexcept { return result_kind() == outcome::error; }
  [[nodiscard]] virtual std::exception_ptr error() const noexcept = 0;
  /// Somebody looks at how it ended: an error counts as seen.
  void mark_retrieved() noexcept { retrieved_.store(true, std::memory_order_relaxed); }

  // any thread

  /// The runtime it belongs to.
  [[nodiscard]] virtual executor& home() const noexcept = 0;
  /// Asks it to end as cancelled. False: it is complete already.
  virtual bool cancel(std::string_view message) noexcept = 0;
  /// As cancel(), for a caller that walks along awaits and holds a task that awaits this: nobody is made ready yet.
  [[nodiscard]] virtual cancel_answer ask(std::string_view message) noexcept = 0;
  /// The walk has let the awaiter go and comes here: after an ask() that left it `settled`.
  virtual void publish() noexcept {}
  /// The child of when_all that this stands for, or null. Only to be compared: it may be gone.
  [[nodiscard]] virtual const task_core* forked_child() const noexcept { return nullptr; }
  /// The task on the heap that this is part of, or null.
  [[nodiscard]] virtual task_core* task() noexcept { return nullptr; }
  /// Does it end when `task` ends?
  [[nodiscard]] virtual bool stands_for(const task_core& /*task*/) const noexcept { return false; }
  /// May `task` await it: is it of the same runtime, and does it end by itself?
  [[nodiscard]] virtual bool can_be_awaited_by(const task_core& task) const noexcept;
  /// What to call it in a message.
  [[nodiscard]] virtual std::string describe() const = 0;
  /// The queue in which its callbacks take their turns.
  [[nodiscard]] virtual serial_queue& callbacks() = 0;

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  /// False: the last reference is gone and the memory is about to be freed. For lists that hold no reference.
  [[nodiscard]] bool try_add_reference() noexcept;
  void drop_reference() noexcept {
    // [last-reference] release: this holder's use, for the one who comes last. Acquire: the others' use is over before
    // the memory is freed.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) last_reference_gone();
  }
  /// Is the caller's reference the only one? Stays true if it is.
  [[nodiscard]] bool is_sole_reference() const noexcept {
    // [last-reference] acquire, as in drop_reference().
    return references_.load(std::memory_order_acquire) == 1;
  }

  waiter_list waiters;

 protected:
  explicit future_core(std::uint32_t references) noexcept : references_(references) {}
  ~future_core() = default;

  /// The result is written: makes all who wait ready, in the order in which they came. The caller holds a reference.
  void complete_waiters() noexcept;
  /// The same on a worker of the runtime that it belongs to.
  void complete_waiters(worker_context& worker) noexcept;
  /// As complete_waiters(), for a runtime that is torn down: nobody will run any more.
  void discard_waiters() noexcept;
  /// It goes away pending: callbacks go with it. Nobody else can be left.
  void drop_waiters() noexcept;
  /// An error that nobody looked at?
  [[nodiscard]] bool is_unretrieved() const noexcept {
    return !retrieved_.load(std::memory_order_relaxed) && is_complete() && has_failed() && !was_cancelled_;
  }

  bool was_cancelled_ = false;

 private:
  [[nodiscard]] virtual outcome result_kind() const noexcept = 0;
  /// Reports what is to be reported and frees itself.
  virtual void last_reference_gone() noexcept = 0;

  std::atomic<bool> retrieved_{false};
  std::atomic<std::uint32_t> references_;
};

}  // namespace charkha::detail
