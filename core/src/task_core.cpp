// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/task_core.hpp"

#include <new>
#include <utility>

#include "charkha/cancelled_error.hpp"

namespace charkha::detail {

task_core::~task_core() { delete annotations_.load(std::memory_order_relaxed); }

void task_core::run(worker_context& worker) noexcept {
  begin_turn(worker).resume();
  // From here on *this may be gone, or be running elsewhere.
  worker.current = nullptr;
  if (worker.finished != nullptr) complete_block(*std::exchange(worker.finished, nullptr));
}

std::coroutine_handle<> task_core::begin_turn(worker_context& worker) noexcept {
  worker.current = this;
  return resume_point;
}

bool task_core::cancel(std::string_view message) noexcept {
  if (state.is_done()) return false;
  set_cancel_message(message);
  const auto asked = state.hold_for_cancel();
  if (asked == cancel_result::held) cancel_held(message);
  return asked != cancel_result::refused;
}

// Walks along the chain of tasks that await each other, hand over hand: the next task has its request before the one
// that awaits it is let go, so that the two cannot miss each other. A loop, since chains may be long. A chain that
// closes on itself (tasks that await each other for ever) is found by Brent's method and ends where it closes.
void task_core::cancel_held(std::string_view message) noexcept {
  task_core* task = this;
  const task_core* seen = this;
  std::uint64_t steps = 0, limit = 1;
  for (;;) {
    wait_operation& operation = *task->waiting_on;
    task_core* next = operation.awaited_task();
    if (next == nullptr || next == seen) {
      const auto reach = next == nullptr ? operation.cancel(message) : cancel_reach::here;
      bool ready = true;
      switch (reach) {
        case cancel_reach::here:
          task->state.close_hold();
          break;
        case cancel_reach::forwarded:
          ready = task->state.release_hold();
          break;
        case cancel_reach::refused:
          ready = task->state.release_hold_undelivered();
          break;
      }
      if (ready) task->make_ready();
      if (task != this) task->drop_reference();
      return;
    }
    next->add_reference();
    next->set_cancel_message(message);
    const auto asked = next->state.hold_for_cancel();
    const bool ready =
        asked == cancel_result::refused ? task->state.release_hold_undelivered() : task->state.release_hold();
    if (ready) task->make_ready();
    if (task != this) task->drop_reference();
    if (asked != cancel_result::held) {
      next->drop_reference();
      return;
    }
    task = next;
    if (++steps == limit) {
      seen = task;
      steps = 0;
      limit *= 2;
    }
  }
}

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
      task.cancel_held(task.cancel_message());
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
