// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/fork_scope.hpp"
#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/detail/forked_record.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_any.hpp"

namespace charkha::detail {

std::coroutine_handle<> fork_scope::fork(task_core& parent, std::coroutine_handle<> frame) {
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
  if (starts() && state.take_cancel()) {  // R25: the body never runs
    static_cast<void>(state.finish());
    set_error(std::make_exception_ptr(cancelled_error(cancel_message())));
    end_record();
    return scope_.child_ended(*this, worker, false);
  }
  return resume_point;
}

std::coroutine_handle<> forked_task::at_end(worker_context& worker) noexcept {
  if (state.finish() && result_kind() == outcome::value) {
    set_error(std::make_exception_ptr(cancelled_error(cancel_message())));
  }
  end_record();
  return scope_.child_ended(*this, worker, true);
}

void forked_task::retire() noexcept {
  if (state.is_done()) return;
  state.retire();
  end_record();
  if (auto* const wait = std::exchange(waiting_on, nullptr)) wait->abandon();
}

void forked_task::end_record() noexcept {
  const task_notes* own = notes();
  if (own == nullptr) return;
  // [task-notes] acquire: as this task made it, perhaps on another worker.
  forked_record* record = own->record.load(std::memory_order_acquire);
  if (record == nullptr) return;
  std::exception_ptr how;
  if (result_kind() == outcome::error) how = error();
  if (result_kind() == outcome::none) how = std::make_exception_ptr(cancelled_error());
  const bool cancelled = how != nullptr && is_cancellation(how);
  record->end(std::move(how), cancelled);
}

std::coroutine_handle<> fork_scope::child_ended(forked_task& ended, worker_context& worker, bool go_on) noexcept {
  if (ended.result_kind() == outcome::error) [[unlikely]] {
    child_failed(ended);
  } else if (policy_ == fork_policy::any) [[unlikely]] {
    child_won(ended);
  }
  worker.current = nullptr;
  // [fork-join] acquire: the last child hands the results of all of them to the parent. Only the last one can read a
  // one here, and then nobody else writes the counter any more.
  if (remaining_.load(std::memory_order_acquire) == 1 ||
      // [fork-join] release: this child's result, for the last one.
      remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    if (claim() != claim_result::make_ready) return std::noop_coroutine();  // a canceller carries the parent on
    task_core& parent = task();
    if (!parent.is_on_strand()) return parent.begin_turn(worker);
    parent.make_ready();
    return std::noop_coroutine();
  }
  // A child that never began leaves the next one to the worker's loop: a thousand of them must not nest.
  if (task_core* next = go_on ? worker.unfork() : nullptr) return next->begin_turn(worker);
  return std::noop_coroutine();
}

void fork_scope::child_failed(forked_task& ended) noexcept {
  without_value_.store(true, std::memory_order_relaxed);
  auto error = ended.error();
  const auto what = classify(error);
  if (what == error_class::cancellation) return;
  if (what == error_class::fatal) ended.runtime.report_fatal(ended, error);
  bool first = false;
  {
    const spin_guard guard(lock_);
    first = errors_.empty();
    errors_.push_back(std::move(error));
  }
  if (first && policy_ == fork_policy::all) cancel_children();
}

void fork_scope::child_won(const forked_task& ended) noexcept {
  {
    const spin_guard guard(lock_);
    if (winner_ != nullptr) return;
    winner_ = &ended;
  }
  cancel_children();
}

// By a child that has ended and is still counted: none of the children can go away under it.
void fork_scope::cancel_children() noexcept {
  for (std::size_t i = 0; i < child_count(); ++i) child(i).cancel({});
}

void fork_scope::abandon() noexcept {
  for (std::size_t i = 0; i < child_count(); ++i) child(i).retire();
}

void fork_scope::join() {
  const bool late_cancel = begun() && resumed_by_cancel();
  const bool cancelled = late_cancel || parent_cancelled_.load(std::memory_order_relaxed);
  if (!cancelled && !without_value_.load(std::memory_order_relaxed)) return;
  std::vector<std::exception_ptr> errors;
  {
    const spin_guard guard(lock_);
    errors.swap(errors_);
  }
  if (winner_ == nullptr && !errors.empty()) {
    // As a task group: the errors come out first, the cancel request at the next suspension.
    if (cancelled) task().state.restore_cancel();
    throw exception_group(std::move(errors));
  }
  if (winner_ == nullptr || cancelled) throw_cancelled(task());
}

void throw_no_children() { throw usage_error("when_any of nothing: it needs at least one coro, or nobody can win"); }

}  // namespace charkha::detail
