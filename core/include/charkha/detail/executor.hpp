// SPDX-License-Identifier: Apache-2.0
// The seam between what a task is (core) and where and when it runs (scheduler): all that core asks of a scheduler.
// Tests implement it with a crank.
#pragma once

#include <cstdint>
#include <exception>
#include <limits>
#include <source_location>
#include <span>
#include <string_view>

#include "charkha/detail/deque.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/ready_item.hpp"

namespace charkha::detail {

class forked_task;
class task_core;
class task_block;
class waiter_list;
class worker_context;

/// Why an item becomes ready, which decides who should run it.
enum class ready_kind : std::uint8_t {
  created,  // new work: an idle worker should find it
  woken,    // the worker that woke it will run it next, unless it has more to do
  yielded,  // gave up its turn: behind everything else
};

/// One runtime, as its tasks see it. Every function may be called from any thread.
class executor {
 public:
  executor(const executor&) = delete;
  executor& operator=(const executor&) = delete;

  /// Puts the item at the back of the calling worker's ready queue, or into the injection queue.
  virtual void make_ready(ready_item& item, ready_kind kind) noexcept = 0;

  /// Takes a new task in: gives it its number and lists it. `here`: the calling thread's worker, null if it is none of
  /// this runtime's. Throws usage_error when the runtime is closed.
  virtual void enlist(task_block& task, const worker_context* here) = 0;
  /// The task's block is about to be freed.
  virtual void delist(task_block& task) noexcept = 0;
  /// The task with that number, null if its block is gone. Allocates nothing, but may look through all tasks.
  [[nodiscard]] virtual intrusive_ptr<task_block> find(std::uint64_t number) noexcept = 0;

  /// Does the embedder want to know of each task's beginning and end?
  [[nodiscard]] bool has_hooks() const noexcept { return has_hooks_; }
  /// If so: a task was created, before its first turn. The hook may throw, which refuses the task.
  virtual void spawned(task_block& /*task*/) {}
  /// If so: a task has ended; those who wait have been told.
  virtual void ended(task_block& /*task*/) noexcept {}

  /// Keeps the runtime's memory for something that is no task and refers to it. What is returned goes to release().
  [[nodiscard]] virtual std::uint8_t retain() noexcept = 0;
  virtual void release(std::uint8_t retained) noexcept = 0;

  /// Is it torn down? Then none of its tasks is pending, and nothing that is made ready will run.
  [[nodiscard]] virtual bool is_closed() const noexcept { return false; }

  /// Blocks the calling thread until the waiters are released, or for so many nanoseconds. False: the time came first.
  /// Throws usage_error on a worker.
  [[nodiscard]] virtual bool block_for(waiter_list& waiters, std::int64_t nanoseconds) = 0;
  static constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max();
  void block_until_complete(waiter_list& waiters) { static_cast<void>(block_for(waiters, for_ever)); }

  /// An error that nobody will look at any more.
  virtual void report_unretrieved(std::string_view what, const std::source_location& site,
                                  std::exception_ptr error) noexcept = 0;
  /// An error that left a callback.
  virtual void report_callback_error(const std::source_location& site, std::exception_ptr error) noexcept = 0;
  /// A fatal_error left the task. Returns only if the embedder wants the task to end with that error.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): whoever overrides it keeps the error
  virtual void report_fatal(task_core& /*task*/, std::exception_ptr /*error*/) noexcept { std::terminate(); }
  /// The running task, or null, destroyed a coroutine that nobody ever started.
  virtual void report_never_awaited(task_core* /*by*/) noexcept {}

 protected:
  explicit executor(bool has_hooks = false) noexcept : has_hooks_(has_hooks) {}
  ~executor() = default;

 private:
  const bool has_hooks_;
};

/// One worker, as the task that it runs sees it. Used by that worker's thread only.
class worker_context {
 public:
  worker_context(const worker_context&) = delete;
  worker_context& operator=(const worker_context&) = delete;

  /// Puts the item at the back of this worker's ready queue, or where executor::make_ready() would.
  virtual void enqueue(ready_item& item, ready_kind kind) noexcept = 0;

  /// Children of when_all, for this worker newest first: the last of `children` is the newest. Idle workers steal them.
  /// Room for them was reserved.
  void fork(std::span<forked_task* const> children) noexcept {
    forks.push_reserved(children);
    if (forks.has_thieves()) wake_thieves();
  }
  /// The newest child, for a worker that has run its siblings and would go straight on; null if there is none, or it is
  /// somebody else's turn.
  [[nodiscard]] forked_task* unfork() noexcept { return --fork_credit < 0 ? nullptr : forks.pop(); }

  executor& owner;                 // the runtime that this worker belongs to
  task_core* current = nullptr;    // the task whose step is running
  task_block* finished = nullptr;  // set by a task's final suspension: the loop completes it off its stack
  std::int64_t fork_credit = 0;    // children that may follow each other before the loop has its turn
  deque<forked_task> forks;

 protected:
  /// `has_thieves`: are there other workers?
  explicit worker_context(executor& runtime, bool has_thieves) : owner(runtime), forks(256, 0, has_thieves) {}
  ~worker_context() = default;

 private:
  /// There is something to steal.
  virtual void wake_thieves() noexcept = 0;
};

}  // namespace charkha::detail
