// SPDX-License-Identifier: Apache-2.0
// What a time-out and a task group share: a scope asks the task that it is in to stop, and takes that request back when
// it ends, so that requests from elsewhere, before, meanwhile or still on their way, keep their count and their effect.
#pragma once

#include <cstdint>

#include "charkha/detail/task_core.hpp"

namespace charkha::detail {

class own_cancel {
 public:
  own_cancel() noexcept = default;

  /// At the start of the scope, by its task.
  void enter(task_core& task) noexcept {
    task_ = &task;
    settled_ = task.state.cancelling();
    // A request that is still to be delivered is not dealt with: it is somebody else's for this scope.
    if (settled_ > 0 && task.state.cancel_pending()) --settled_;
  }

  [[nodiscard]] task_core& task() const noexcept { return *task_; }

  /// Asks the task to stop; at most once. From any thread, as long as the task cannot leave the scope.
  void ask() noexcept {
    const auto told = listener();
    if (begin()) finish();
    if (told) told->cancel_requested();
  }
  /// Who is to be told then, or null.
  [[nodiscard]] intrusive_ptr<cancel_listener> listener() const noexcept { return task_->listener(); }
  /// The same in two parts, see task_core::begin_cancel(). True: the task is held until finish().
  [[nodiscard]] bool begin() noexcept { return task_->begin_cancel() == cancel_result::held; }
  void finish() noexcept { task_->finish_cancel({}); }

  /// At the end of the scope, by its task, if it was asked to stop: takes that back, delivered or not. True: there was
  /// no other request, so a cancelled_error that leaves the scope is the scope's own.
  [[nodiscard]] bool take_back() noexcept { return task_->state.uncancel(settled_) <= settled_; }
  /// After that: did somebody else ask meanwhile?
  [[nodiscard]] bool asked_by_others() const noexcept { return task_->state.cancelling() > settled_; }
  /// The request of the others comes at the next suspension, again if it was delivered already.
  void redeliver() noexcept { task_->state.restore_cancel(); }

 private:
  task_core* task_ = nullptr;
  std::uint32_t settled_ = 0;  // requests that were dealt with before the scope began
};

}  // namespace charkha::detail
