// SPDX-License-Identifier: Apache-2.0
// A blocking function on its way through a thread that may block, and the task that waits for it.
//
//   made by to_thread() -> submitted by the await -> queued -> running, on a thread outside the runtime -> delivered
//                                                      '-- withdrawn: the wait was cancelled first, it never runs
//
// The job is shared: by the one who awaits it, by the queue or the thread that runs it. The function may go on when
// nobody waits any more; whoever lets go of the job last frees the function, its arguments and what it gave.
//
// Who may touch what
//   the function, its arguments, the result   the thread that runs it; after delivery, the task that awaits it
//   waiters                                   any thread
//   links, queued                             the executor it was submitted to, under its lock
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "charkha/detail/context_state.hpp"
#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/result.hpp"
#include "charkha/detail/wait_operation.hpp"
#include "charkha/detail/waiter_list.hpp"

namespace charkha::detail {

class executor;

class blocking_job {
 public:
  blocking_job(const blocking_job&) = delete;
  blocking_job& operator=(const blocking_job&) = delete;

  /// Calls the function, in the context of the task that submitted it, and keeps its value or error. Once, on the thread
  /// that may block.
  void run() noexcept {
    const context_scope submitters(&context);
    call();
  }
  /// Tells the function that nobody waits for it any more, if it asked for a stop token. From any thread.
  virtual void request_stop() noexcept {}
  /// Instead of run(): this is the error.
  virtual void fail(std::exception_ptr error) noexcept = 0;
  /// After run() or fail(): makes the task ready that waits. Its runtime must not be closed.
  void deliver() noexcept;

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept;

  waiter_list waiters;
  // Set by the task that submits it.
  executor* runtime = nullptr;
  context_slot context;

 protected:
  blocking_job() noexcept = default;
  ~blocking_job() = default;

 private:
  friend class job_queue;
  virtual void call() noexcept = 0;
  virtual void free_job() noexcept = 0;

  blocking_job* next_ = nullptr;
  blocking_job* previous_ = nullptr;
  bool queued_ = false;
  std::atomic<std::uint32_t> references_{1};
};

/// A job that gives a T.
template <class T>
class typed_blocking_job : public blocking_job {
 public:
  void fail(std::exception_ptr error) noexcept final { value.set_error(std::move(error)); }

  result<T> value;

 protected:
  typed_blocking_job() noexcept = default;
  ~typed_blocking_job() = default;
};

/// Submits a job and waits for it.
class blocking_wait : public wait_operation, public waiter {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) {
    return wait(*frame.promise().task, frame);
  }
  [[nodiscard]] std::string_view describe() const noexcept final { return "to_thread"; }
  [[nodiscard]] ready_item* completed() noexcept final { return complete(); }

 protected:
  explicit blocking_wait(intrusive_ptr<blocking_job> job) noexcept : job_(std::move(job)) {}
  ~blocking_wait();

  /// After the resumption: throws what a cancel request throws; otherwise the job was delivered.
  void finish();

  [[nodiscard]] blocking_job& job() const noexcept { return *job_; }

 private:
  bool wait(task_core& self, std::coroutine_handle<> frame);

  intrusive_ptr<blocking_job> job_;
};

template <class T>
class [[nodiscard]] to_thread_awaiter final : public blocking_wait {
 public:
  explicit to_thread_awaiter(intrusive_ptr<typed_blocking_job<T>> job) noexcept : blocking_wait(std::move(job)) {}

  T await_resume() {
    finish();
    return static_cast<typed_blocking_job<T>&>(job()).value.take();
  }
};

}  // namespace charkha::detail
