// SPDX-License-Identifier: Apache-2.0
// What a task group keeps: its children that have not ended, the errors of those that failed, who waits for the end.
//
//   created --enter--> entered --close, nothing outstanding--> over        abort: entered -> entered and aborting
//
// A child that ends takes a turn in the ready queue (group_child::run) before the group hears of it, and its owner, who
// waits for the last one, takes another: asyncio's done callback and wake-up.
//
// outstanding_ counts what must be over before the owner may leave: children, places for children that are about to be
// created, and aborts on their way. So whoever holds one of those may touch the group without the lock, and nobody does
// after he gave it back.
//
// Abort (the first error of a child, cancel(), the end of a body that threw): the group takes no more children, and those
// that it has are asked to stop, outside the lock, one after another: the cursor is the next one, and moves on when that
// one ends. Who is added meanwhile stands before the cursor and is asked by whoever adds it.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>
#include <vector>

#include "charkha/detail/executor.hpp"
#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/own_cancel.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/ready_item.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/detail/wait_operation.hpp"
#include "charkha/detail/waiter_list.hpp"

namespace charkha::detail {

class task_group_scope;
class task_group_wait;

/// The group's side of one child. Frees itself when the child has ended, unless it failed: then the group does.
class group_child final : public waiter, public ready_item {
 public:
  explicit group_child(task_group_scope& group) noexcept : group_(&group) {}
  ~group_child() = default;

  [[nodiscard]] ready_item* completed() noexcept override { return this; }
  void run(worker_context& worker) noexcept override;
  void discard() noexcept override;

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* child, std::size_t size) noexcept { deallocate_frame(child, size); }

 private:
  friend class task_group_scope;
  task_group_scope* group_;  // null: the group went away before its child, with the runtime
  intrusive_ptr<task_block> task_;
  // guarded by the group's lock
  group_child* next_ = nullptr;
  group_child* previous_ = nullptr;
};

/// A place in a group, for a child that is about to be created.
class group_place {
 public:
  /// Throws usage_error if the group takes no children now.
  explicit group_place(task_group_scope& group);
  ~group_place();
  group_place(const group_place&) = delete;
  group_place& operator=(const group_place&) = delete;

  [[nodiscard]] executor& runtime() const noexcept;
  /// The child is created.
  void take(task_block& task) noexcept;

 private:
  std::unique_ptr<group_child> child_;
  task_group_scope& group_;
};

class task_group_scope {
 public:
  task_group_scope() noexcept = default;
  ~task_group_scope() = default;
  task_group_scope(const task_group_scope&) = delete;
  task_group_scope& operator=(const task_group_scope&) = delete;

  /// From any thread that keeps the group alive.
  void cancel() noexcept;

  // the owner, in this order

  /// Throws usage_error outside a task, and the second time.
  void enter();
  /// The body has ended: with an error, or with null.
  void close(std::exception_ptr error) noexcept;
  /// Has everything ended? If not, the owner waits. Once it has, the group takes no more children.
  [[nodiscard]] bool try_finish() noexcept;
  /// Throws what the group has to throw.
  void finish();
  /// The owner's frame goes, finished or not. The group keeps nothing.
  void leave() noexcept;

 private:
  friend class group_child;
  friend class group_place;
  friend class task_group_wait;

  enum class phase : std::uint8_t { created, entered, over };
  /// Doubly linked, ends with null.
  struct child_list {
    group_child* first = nullptr;
    group_child* last = nullptr;
  };

  void admit();
  void add(std::unique_ptr<group_child> child, task_block& task) noexcept;
  void give_back_place() noexcept;
  void child_ended(group_child& child) noexcept;
  void child_discarded(group_child& child) noexcept;
  void stop_children() noexcept;
  [[nodiscard]] bool begin_wait(task_group_wait& wait) noexcept;
  void end_wait(task_group_wait& wait) noexcept;
  void owner_cancelled();

  void begin_abort() noexcept CHARKHA_REQUIRES(lock_);
  void finish_abort() noexcept;
  [[nodiscard]] task_core* settle_one() noexcept CHARKHA_REQUIRES(lock_);
  static void append(child_list& list, group_child& child) noexcept;
  static void prepend(child_list& list, group_child& child) noexcept;
  static void unlink(child_list& list, group_child& child) noexcept;

  spin_lock lock_;
  phase phase_ CHARKHA_GUARDED_BY(lock_) = phase::created;
  bool closed_ CHARKHA_GUARDED_BY(lock_) = false;    // the body has ended
  bool aborting_ CHARKHA_GUARDED_BY(lock_) = false;  // once, for good
  bool cancel_on_entry_ CHARKHA_GUARDED_BY(lock_) = false;
  bool asked_owner_ CHARKHA_GUARDED_BY(lock_) = false;  // the abort asks the owner to stop, too
  std::size_t outstanding_ CHARKHA_GUARDED_BY(lock_) = 0;
  child_list children_ CHARKHA_GUARDED_BY(lock_);
  group_child* cursor_ CHARKHA_GUARDED_BY(lock_) = nullptr;  // of the abort
  child_list failed_ CHARKHA_GUARDED_BY(lock_);              // in the order in which the group heard of it
  task_group_wait* waiting_ CHARKHA_GUARDED_BY(lock_) = nullptr;

  // the owner's; own_ and runtime_ are set before the group is entered
  own_cancel own_;
  executor* runtime_ = nullptr;
  std::exception_ptr body_error_;    // what left the body, unless it was a cancellation
  std::exception_ptr cancellation_;  // what the group throws if there are no errors
  std::exception_ptr late_request_;  // the last cancellation that reached the owner while it waited
};

/// The owner's wait for all that is outstanding. A cancel request ends it; the owner then waits again.
class [[nodiscard]] task_group_wait final : public wait_operation {
 public:
  explicit task_group_wait(task_group_scope& group) noexcept : group_(group) {}
  ~task_group_wait() { group_.end_wait(*this); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) noexcept {
    begin(*frame.promise().task, frame);
    return group_.begin_wait(*this) && suspend();
  }
  void await_resume();

  [[nodiscard]] std::string_view describe() const noexcept override { return "task group"; }

 private:
  task_group_scope& group_;
};

/// Between entering a group and the end of the frame that did.
class group_entry {
 public:
  explicit group_entry(task_group_scope& group) : group_(group) { group_.enter(); }
  ~group_entry() { group_.leave(); }
  group_entry(const group_entry&) = delete;
  group_entry& operator=(const group_entry&) = delete;

 private:
  task_group_scope& group_;
};

/// A body that was stopped by task_group::cancel() owes its value.
[[noreturn]] void throw_no_group_value();

}  // namespace charkha::detail
