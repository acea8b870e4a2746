// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/task_core.hpp"

#include <new>
#include <utility>

#include "cancel_walk.hpp"
#include "charkha/cancelled_error.hpp"

namespace charkha::detail {

task_core::~task_core() { delete annotations_.load(std::memory_order_relaxed); }

void task_core::run(worker_context& worker) noexcept {
  begin_turn(worker).resume();
  // From here on *this may be gone, or be running elsewhere.
  worker.current = nullptr;
  if (worker.finished != nullptr) complete_block(*std::exchange(worker.finished, nullptr), worker);
}

std::coroutine_handle<> task_core::begin_turn(worker_context& worker) noexcept {
  worker.current = this;
  return resume_point;
}

bool task_core::cancel(std::string_view message) noexcept {
  if (state.is_done()) return false;
  set_cancel_message(message);
  const auto asked = begin_cancel();
  if (asked == cancel_result::held) finish_cancel(message);
  return asked != cancel_result::refused;
}

void task_core::finish_cancel(std::string_view message) noexcept { cancel_walk::start(*this, message); }

std::string task_core::cancel_message() const {
  const annotations* notes = annotations_.load(std::memory_order_acquire);
  if (notes == nullptr) return {};
  const spin_guard guard(notes->lock);
  return notes->cancel_message;
}

std::string task_core::given_name() const {
  const annotations* notes = annotations_.load(std::memory_order_acquire);
  if (notes == nullptr) return {};
  const spin_guard guard(notes->lock);
  return notes->name;
}

void task_core::set_name(std::string_view name) {
  std::string copy(name);
  annotations& notes = annotate();
  const spin_guard guard(notes.lock);
  notes.name.swap(copy);
}

void task_core::set_cancel_message(std::string_view message) noexcept {
  // [annotations] acquire: whoever finds them finds them constructed.
  if (message.empty() && annotations_.load(std::memory_order_acquire) == nullptr) return;
  try {
    std::string copy(message);
    annotations& notes = annotate();
    const spin_guard guard(notes.lock);
    notes.cancel_message.swap(copy);
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): the request matters more than its message
  }
}

task_core::annotations& task_core::annotate() {
  annotations* notes = annotations_.load(std::memory_order_acquire);
  if (notes != nullptr) return *notes;
  auto fresh = std::make_unique<annotations>();
  // [annotations] release: constructed before it can be found.
  if (annotations_.compare_exchange_strong(notes, fresh.get(), std::memory_order_acq_rel, std::memory_order_acquire)) {
    return *fresh.release();
  }
  return *notes;
}

claim_result wait_operation::claim() noexcept { return task_->state.claim(wait_); }

void wait_operation::begin(task_core& task, std::coroutine_handle<> frame) noexcept {
  task_ = &task;
  wait_ = task.state.begin_wait();
  task.resume_point = frame;
  task.waiting_on = this;
}

bool wait_operation::suspend() noexcept {
  task_core& task = *task_;
  switch (task.state.suspend(wait_)) {
    case suspend_result::suspended:
      return true;
    case suspend_result::completed:
      return false;
    case suspend_result::cancel_first:
      cancel_walk::start(task, task.cancel_message());
      return true;
  }
  __builtin_unreachable();
}

bool wait_operation::resumed_by_cancel() noexcept {
  task_->waiting_on = nullptr;
  return task_->state.take_cancel();
}

void throw_cancelled(const task_core& task) { throw cancelled_error(task.cancel_message()); }

}  // namespace charkha::detail
