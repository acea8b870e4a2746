// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/task_block.hpp"

#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"

namespace charkha::detail {

std::string task_block::name() const {
  std::string given = given_name();
  return given.empty() ? "Task-" + std::to_string(number_) : given;
}

bool task_block::try_add_reference() noexcept {
  auto count = references_.load(std::memory_order_relaxed);
  do {
    if (count == 0) return false;
  } while (!references_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed, std::memory_order_relaxed));
  return true;
}

void task_block::drop_reference() noexcept {
  // [last-reference] release: this holder's use of the task, for the one who comes last. Acquire: the others' use is
  // over before the block is freed.
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (result_kind() == outcome::error && !was_cancelled_ && !retrieved_.load(std::memory_order_relaxed)) {
    runtime.report_unretrieved(*this, error());
  }
  runtime.delist(*this);
  free_block();
}

std::coroutine_handle<> task_block::begin_turn(worker_context& worker) noexcept {
  worker.current = this;
  if (!started_) {
    started_ = true;
    if (state.take_cancel()) {  // R25: the body never runs
      end_cancelled();
      return at_end(worker);
    }
  }
  return resume_point;
}

std::coroutine_handle<> task_block::at_end(worker_context& worker) noexcept {
  worker.finished = this;
  return std::noop_coroutine();
}

void task_block::complete(worker_context& worker) noexcept {
  worker.current = this;  // destructors of its parameters run as part of it
  std::exchange(root_, nullptr).destroy();
  worker.current = nullptr;
  const bool cancel_undelivered = state.finish();
  if (result_kind() == outcome::error) {
    if (!was_cancelled_) {
      const auto what = classify(error());
      was_cancelled_ = what == error_class::cancellation;
      if (what == error_class::fatal) runtime.report_fatal(*this, error());
    }
  } else if (cancel_undelivered) {
    end_cancelled();
  }
  waiters.close();
  ready_item* item = nullptr;
  while (waiters.take(item)) {
    if (item != nullptr) runtime.make_ready(*item, ready_kind::woken);
  }
  drop_reference();
}

void task_block::abandon() noexcept {
  state.retire();
  std::exchange(root_, nullptr).destroy();
  end_cancelled();
  waiters.close();
  // Threads that block on it go on; tasks that await it will never run and are abandoned in their turn.
  ready_item* item = nullptr;
  while (waiters.take(item)) {
    if (item != nullptr) item->discard();
  }
  drop_reference();
}

void task_block::end_cancelled() noexcept {
  was_cancelled_ = true;
  set_error(std::make_exception_ptr(cancelled_error(cancel_message())));
}

void complete_block(task_block& task, worker_context& worker) noexcept { task.complete(worker); }

}  // namespace charkha::detail
