// SPDX-License-Identifier: Apache-2.0
#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/detail/when_all_scope.hpp"
#include "charkha/exception_group.hpp"

namespace charkha::detail {

std::coroutine_handle<> when_all_scope::fork(task_core& parent, std::coroutine_handle<> frame) {
  worker_context& worker = *current_worker();
  const std::size_t count = child_count();
  remaining_.store(count, std::memory_order_relaxed);
  begin(parent, frame);
  // Nobody can close this wait before the last child ends, and no child has begun.
  static_cast<void>(suspend());
  for (std::size_t i = count; i-- > 1;) worker.fork(child(i));
  // From here on thieves may end children, but not this one: the scope stays until it has ended.
  return child(0).begin_turn(worker);
}

std::coroutine_handle<> forked_task::begin_turn(worker_context& worker) noexcept {
  worker.current = this;
  if (!started_) {
    started_ = true;
    if (state.take_cancel()) {  // R25: the body never runs
      static_cast<void>(state.finish());
      set_error(std::make_exception_ptr(cancelled_error(cancel_message())));
      return scope_.child_ended(*this, worker, false);
    }
  }
  return resume_point;
}

std::coroutine_handle<> forked_task::at_end(worker_context& worker) noexcept {
  if (state.finish() && result_kind() == outcome::value) {
    set_error(std::make_exception_ptr(cancelled_error(cancel_message())));
  }
  return scope_.child_ended(*this, worker, true);
}

std::coroutine_handle<> when_all_scope::child_ended(forked_task& ended, worker_context& worker, bool go_on) noexcept {
  if (ended.result_kind() == outcome::error) child_failed(ended);
  worker.current = nullptr;
  // [fork-join] acquire: the last child hands the results of all of them to the parent. Only the last one can read a
  // one here, and then nobody else writes the counter any more.
  if (remaining_.load(std::memory_order_acquire) == 1 ||
      // [fork-join] release: this child's result, for the last one.
      remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    if (task_core* parent = complete()) return parent->begin_turn(worker);
    return std::noop_coroutine();  // a canceller holds the parent and carries it on
  }
  // A child that never began leaves the next one to the worker's loop: a thousand of them must not nest.
  if (task_core* next = go_on ? worker.unfork() : nullptr) return next->begin_turn(worker);
  return std::noop_coroutine();
}

void when_all_scope::child_failed(forked_task& ended) noexcept {
  auto error = ended.error();
  const auto what = classify(error);
  if (what == error_class::cancellation) {
    child_cancelled_.store(true, std::memory_order_relaxed);
    return;
  }
  if (what == error_class::fatal) ended.runtime.report_fatal(ended, error);
  bool first = false;
  {
    const spin_guard guard(lock_);
    first = errors_.empty();
    errors_.push_back(std::move(error));
  }
  if (!first) return;
  for (std::size_t i = 0; i < child_count(); ++i) child(i).cancel({});
}

void when_all_scope::join() {
  const bool late_cancel = begun() && resumed_by_cancel();
  const bool cancelled = late_cancel || parent_cancelled_.load(std::memory_order_relaxed);
  std::vector<std::exception_ptr> errors;
  {
    const spin_guard guard(lock_);
    errors.swap(errors_);
  }
  if (!errors.empty()) {
    // As a task group: the errors come out first, the cancel request at the next suspension.
    if (cancelled) task().state.restore_cancel();
    throw exception_group(std::move(errors));
  }
  if (cancelled || child_cancelled_.load(std::memory_order_relaxed)) throw_cancelled(task());
}

}  // namespace charkha::detail
