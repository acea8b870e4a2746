// SPDX-License-Identifier: Apache-2.0
// checkpoint: a place where a cancel request is delivered, and nothing else happens.
#pragma once

#include <coroutine>

#include "charkha/detail/promise_base.hpp"

namespace charkha {

namespace detail {

class [[nodiscard]] checkpoint_awaiter {
 public:
  checkpoint_awaiter() noexcept = default;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) noexcept {
    task_ = frame.promise().task;
    task_->look_for_cancel();
    return false;
  }
  void await_resume() const {
    if (task_->state.take_cancel()) throw_cancelled(*task_);
  }

 private:
  task_core* task_ = nullptr;
};

}  // namespace detail

/// Throws cancelled_error if the task was asked to stop, and otherwise goes on at once: for long stretches of work whose
/// awaits all complete immediately, where no request would be delivered (R26). Never suspends; yield() does.
[[nodiscard]] inline detail::checkpoint_awaiter checkpoint() noexcept { return {}; }

}  // namespace charkha
