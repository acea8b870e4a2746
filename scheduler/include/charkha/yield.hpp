// SPDX-License-Identifier: Apache-2.0
// yield: gives up one turn.
#pragma once

#include <coroutine>

#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/this_thread.hpp"

namespace charkha {

namespace detail {

class [[nodiscard]] yield_awaiter {
 public:
  yield_awaiter() noexcept = default;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <charkha_promise Promise>
  void await_suspend(std::coroutine_handle<Promise> frame) noexcept {
    task_ = frame.promise().task;
    task_->suspends_at(frame);
    // A task that runs does so on a worker of its own runtime.
    current_worker()->enqueue(*task_->turn(), ready_kind::yielded);
  }
  void await_resume() const {
    if (task_->state.take_cancel()) throw_cancelled(*task_);
  }

 private:
  task_core* task_ = nullptr;
};

}  // namespace detail

/// Lets everything run that is ready on this worker, and timers and outside work be looked at, before the task goes on.
/// As `asyncio.sleep(0)`. A suspension point: throws cancelled_error if the task was asked to stop.
[[nodiscard]] inline detail::yield_awaiter yield() noexcept { return {}; }

}  // namespace charkha
