// SPDX-License-Identifier: Apache-2.0
// What every task has, wherever its control block lives: where it resumes, its state word, what it waits for, who runs
// it. A task on the heap (task_block) and a child of when_all (in its parent's awaiter) are both this.
//
// Who may touch what
//   resume_point, waiting_on   the running task; while it is suspended, whoever closed or holds its wait
//   state                      anyone, by its transitions
//   context, notes             anyone, as they say
//   shard_                     the runtime's registry, when it lists the task
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "charkha/detail/cancel_answer.hpp"
#include "charkha/detail/context_state.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/ready_item.hpp"
#include "charkha/detail/result.hpp"
#include "charkha/detail/task_notes.hpp"
#include "charkha/detail/task_state.hpp"
#include "charkha/detail/wait_operation.hpp"

namespace charkha::detail {

/// The last step of a task on the heap, off its stack: its frame goes, its result is published.
void complete_block(task_block& task, worker_context& worker) noexcept;

class task_core : public ready_item {
 public:
  /// Asks the task to stop (R23-R32). False when it is done already. From any thread that keeps the task alive.
  bool cancel(std::string_view message) noexcept;
  /// The same without going along what the task awaits; held: nothing else can resume it until finish_cancel().
  [[nodiscard]] cancel_answer ask(std::string_view message) noexcept;

  /// ask() in parts, without a message, for a scope of the task itself.
  [[nodiscard]] cancel_result begin_cancel() noexcept { return state.hold_for_cancel(); }
  void finish_cancel(std::string_view message) noexcept;
  /// Who is to be told if a request is taken, or null. Asked for before begin_cancel(), after which the task may be gone.
  [[nodiscard]] intrusive_ptr<cancel_listener> listener() const noexcept;

  /// What goes into a ready queue for this task to have its next turn: the task, or a turn of its strand. Once for each
  /// turn, by whoever closed its wait.
  [[nodiscard]] ready_item* turn() noexcept {
    task_notes* own = notes();
    return own == nullptr ? this : noted_turn(*own);
  }
  /// Makes the task ready on the calling worker. Only for whoever closed its wait.
  void make_ready(ready_kind kind = ready_kind::woken) noexcept;
  /// The same for who knows which worker the calling thread is: null if it is none.
  void make_ready(worker_context* here, ready_kind kind) noexcept {
    executor& home = runtime;  // before turn(): after that another turn of its strand may have run the task
    ready_item& item = *turn();
    if (here != nullptr && &here->owner == &home) [[likely]] {
      here->enqueue(item, kind);
    } else {
      home.make_ready(item, kind);
    }
  }
  /// May only its strand resume it?
  [[nodiscard]] bool is_on_strand() const noexcept;

  /// The message of the last cancel request, empty if it had none.
  [[nodiscard]] std::string cancel_message() const;

  /// Empty if the task was not named.
  [[nodiscard]] std::string given_name() const;
  void set_name(std::string_view name);

  /// At the final suspension of the task's outermost coroutine, `how` as it returned: what its worker resumes next. The
  /// frame must not be destroyed in here.
  [[nodiscard]] std::coroutine_handle<> ended(outcome how) noexcept;  // in fork_scope.cpp

  /// The block to refer to in order to keep the task alive. Null for a child of when_all: that lives until it has ended,
  /// so it may be touched only by whoever knows that it has not, such as one who holds it.
  [[nodiscard]] task_block* heap_block() noexcept;  // in task_block.hpp
  [[nodiscard]] const task_block* heap_block() const noexcept;

  /// The running task is about to suspend, to go on at `frame`; whoever may make it ready may do so from here on.
  void suspends_at(std::coroutine_handle<> frame) noexcept {
    resume_point = frame;
    if (lives_ == place::parent) leave_scopes();
  }
  /// The running task is about to look whether it was asked to stop: requests for those that it computes for find their
  /// way to it.
  void look_for_cancel() noexcept {
    if (lives_ == place::parent) leave_scopes();
  }
  /// Null if it is on the heap.
  [[nodiscard]] forked_task* forked() noexcept;  // in fork_scope.hpp

  /// For a child of when_all: takes its turn and returns what to resume.
  [[nodiscard]] virtual std::coroutine_handle<> begin_turn(worker_context& worker) noexcept;

  void run(worker_context& worker) noexcept override;

  task_state state;
  std::coroutine_handle<> resume_point;
  wait_operation* waiting_on = nullptr;
  context_slot context;
  executor& runtime;

  /// Null if the task has none.
  [[nodiscard]] task_notes* notes() const noexcept {
    // [task-notes] acquire: whoever finds them finds them constructed.
    return notes_.load(std::memory_order_acquire);
  }
  /// As notes(), making them if there are none. Throws std::bad_alloc.
  task_notes& demand_notes();

 protected:
  enum class place : std::uint8_t { heap, parent };

  task_core(executor& owner, std::coroutine_handle<> start, intrusive_ptr<context_state> values, place lives) noexcept
      : resume_point(start), context(std::move(values)), runtime(owner), lives_(lives) {}
  ~task_core() {
    if (const task_notes* own = notes_.load(std::memory_order_relaxed)) [[unlikely]]
      drop_notes(own);
  }

  /// A turn: resumes `at`, and completes the task that ends by it, off its stack.
  static void take_turn(std::coroutine_handle<> at, worker_context& worker) noexcept {
    at.resume();
    // From here on the task may be gone, or be running elsewhere.
    worker.current = nullptr;
    if (worker.finished != nullptr) complete_block(*std::exchange(worker.finished, nullptr), worker);
  }
  /// Is this its first turn? Once; the running task only.
  [[nodiscard]] bool starts() noexcept { return !std::exchange(started_, true); }
  void mark_started() noexcept { started_ = true; }

  // One store for all four.
  bool queued_ = false;     // a child of when_all that was taken out of a queue; written by who runs it
  std::uint8_t shard_ = 0;  // of the registry that lists a task_block, whose own members leave no room for it

 private:
  friend class wait_operation;

  [[nodiscard]] ready_item* noted_turn(task_notes& own) noexcept;
  static void drop_notes(const task_notes* own) noexcept;
  void set_cancel_message(std::string_view message) noexcept;
  [[nodiscard, gnu::noinline]] std::coroutine_handle<> ended_on_heap() noexcept;
  void leave_scopes() noexcept;  // in fork_scope.cpp

  bool started_ = false;
  const place lives_;
  std::atomic<task_notes*> notes_{nullptr};
};

inline void wait_operation::begin(task_core& task, std::coroutine_handle<> frame) noexcept {
  set_up(task);
  task.suspends_at(frame);
}

inline void wait_operation::set_up(task_core& task) noexcept {
  task_ = &task;
  wait_ = task.state.begin_wait();
  task.waiting_on = this;
}

inline bool wait_operation::suspend() noexcept {
  task_core& task = *task_;  // afterwards this may be gone
  const suspend_result result = task.state.suspend(wait_);
  return result == suspend_result::suspended || act_on(task, result);
}

inline claim_result wait_operation::claim() noexcept { return task_->state.claim(wait_); }

inline ready_item* wait_operation::complete() noexcept {
  return claim() == claim_result::make_ready ? task_->turn() : nullptr;
}

inline bool wait_operation::resumed_by_cancel() noexcept {
  task_->waiting_on = nullptr;
  return task_->state.take_cancel();
}

/// Throws the cancel request that `task` has just taken delivery of.
[[noreturn]] void throw_cancelled(const task_core& task);

}  // namespace charkha::detail
