// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/task_block.hpp"

#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/detail/describe_wait.hpp"

namespace charkha::detail {

std::string task_block::name() const {
  std::string given = given_name();
  return given.empty() ? "Task-" + std::to_string(number) : given;
}

std::string task_block::waiting_for() { return is_complete() ? std::string() : describe_wait(*this); }

serial_queue& task_block::callbacks() { return first_queue(demand_notes().callbacks, runtime); }

void task_block::last_reference_gone() noexcept {
  if (is_unretrieved()) [[unlikely]]
    report_unretrieved();
  runtime.delist(*this);
  free_block();
}

void task_block::report_unretrieved() const noexcept { runtime.report_unretrieved(name(), site_, error()); }

void task_block::run(worker_context& worker) noexcept { take_turn(begin_turn(worker), worker); }

std::coroutine_handle<> task_block::begin_turn(worker_context& worker) noexcept {
  worker.current = this;
  if (starts() && state.take_cancel()) {  // R25: the body never runs
    end_cancelled();
    worker.finished = this;
    return std::noop_coroutine();
  }
  return resume_point;
}

void task_block::run_eagerly(worker_context& worker) noexcept {
  task_core* const creator = std::exchange(worker.current, nullptr);
  // Other tasks do not begin on the creator's stack.
  const auto credit = std::exchange(worker.fork_credit, 0);
  {
    const context_scope outside_callbacks(nullptr);
    run(worker);
  }
  worker.fork_credit = credit;
  worker.current = creator;
}

void task_block::complete(worker_context& worker) noexcept {
  worker.current = this;  // destructors of its parameters run as part of it
  std::exchange(root_, nullptr).destroy();
  worker.current = nullptr;
  const bool cancel_undelivered = state.finish();
  if (has_failed()) [[unlikely]] {
    if (!was_cancelled_) end_failed();
  } else if (cancel_undelivered) [[unlikely]] {
    end_cancelled();
  }
  complete_waiters(worker);
  if (runtime.has_hooks()) [[unlikely]]
    runtime.ended(*this);
  drop_reference();
}

void task_block::end_failed() noexcept {
  const auto what = classify(error());
  was_cancelled_ = what == error_class::cancellation;
  if (what == error_class::fatal) runtime.report_fatal(*this, error());
}

void task_block::retire() noexcept {
  state.retire();
  // Once: afterwards the wait may go with another task's frame, such as that of one who owns a generator.
  if (auto* const wait = std::exchange(waiting_on, nullptr)) wait->abandon();
}

void task_block::abandon() noexcept {
  retire();
  std::exchange(root_, nullptr).destroy();
  end_cancelled();
  discard_waiters();
  drop_reference();
}

void task_block::refuse() noexcept {
  state.retire();
  std::exchange(root_, nullptr).destroy();
  end_cancelled();
  complete_waiters();
  drop_reference();
}

void task_block::drop_unlisted() noexcept {
  std::exchange(root_, nullptr).destroy();
  free_block();
}

void task_block::end_cancelled() noexcept {
  was_cancelled_ = true;
  set_error(std::make_exception_ptr(cancelled_error(cancel_message())));
}

void complete_block(task_block& task, worker_context& worker) noexcept { task.complete(worker); }

}  // namespace charkha::detail
