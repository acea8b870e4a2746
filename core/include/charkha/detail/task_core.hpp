// SPDX-License-Identifier: Apache-2.0
// What every task has, wherever its control block lives: where it resumes, its state word, what it waits for, who runs
// it. A task on the heap (task_block) and a child of when_all (in its parent's awaiter) are both this.
//
// Who may touch what
//   resume_point, waiting_on   the running task; while it is suspended, whoever closed or holds its wait
//   state                      anyone, by its transitions
//   annotations                anyone, under the lock inside
#pragma once

#include <atomic>
#include <coroutine>
#include <memory>
#include <string>
#include <string_view>

#include "charkha/detail/executor.hpp"
#include "charkha/detail/ready_item.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "charkha/detail/task_state.hpp"
#include "charkha/detail/wait_operation.hpp"

namespace charkha::detail {

class task_core : public ready_item {
 public:
  /// Asks the task to stop (R23-R32). False when it is done already. From any thread that keeps the task alive.
  bool cancel(std::string_view message) noexcept;

  /// The same in two parts, for callers that must not walk along awaits where they notice that they want to cancel.
  /// held: nothing else can resume the task until finish_cancel() is called.
  [[nodiscard]] cancel_result begin_cancel() noexcept { return state.hold_for_cancel(); }
  void finish_cancel(std::string_view message) noexcept;

  /// Makes the task ready on the calling worker. Only for whoever closed its wait.
  void make_ready() noexcept { runtime.make_ready(*this, ready_kind::woken); }

  /// The message of the last cancel request, empty if it had none.
  [[nodiscard]] std::string cancel_message() const;

  /// Empty if the task was not named.
  [[nodiscard]] std::string given_name() const;
  void set_name(std::string_view name);

  /// At the final suspension of the task's outermost coroutine: what the worker resumes next. The frame must not be
  /// destroyed in here.
  [[nodiscard]] virtual std::coroutine_handle<> at_end(worker_context& worker) noexcept = 0;

  /// The block to refer to in order to keep the task alive. Null for a child of when_all: that lives until it has ended,
  /// so it may be touched only by whoever knows that it has not, such as one who holds it.
  [[nodiscard]] virtual task_block* heap_block() noexcept { return nullptr; }

  /// For a child of when_all: takes its turn and returns what to resume.
  [[nodiscard]] virtual std::coroutine_handle<> begin_turn(worker_context& worker) noexcept;

  void run(worker_context& worker) noexcept override;

  task_state state;
  std::coroutine_handle<> resume_point;
  wait_operation* waiting_on = nullptr;
  executor& runtime;

 protected:
  task_core(executor& owner, std::coroutine_handle<> start) noexcept : resume_point(start), runtime(owner) {}
  ~task_core();

 private:
  friend class wait_operation;
  friend class cancel_walk;

  /// What only some tasks have, made when first needed.
  struct annotations {
    mutable spin_lock lock;
    std::string name CHARKHA_GUARDED_BY(lock);
    std::string cancel_message CHARKHA_GUARDED_BY(lock);
  };
  annotations& annotate();
  void set_cancel_message(std::string_view message) noexcept;

  std::atomic<annotations*> annotations_{nullptr};
};

/// Throws the cancel request that `task` has just taken delivery of.
[[noreturn]] void throw_cancelled(const task_core& task);

/// The last step of a task on the heap, off its stack: its frame goes, its result is published.
void complete_block(task_block& task, worker_context& worker) noexcept;

}  // namespace charkha::detail
