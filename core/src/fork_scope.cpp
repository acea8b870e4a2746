// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/fork_scope.hpp"

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/detail/forked_record.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_any.hpp"

namespace charkha::detail {

void task_core::leave_scopes() noexcept { fork_scope::leave_from(*this); }

void forked_task::run(worker_context& worker) noexcept {
  if (!std::exchange(queued_, true)) {
    state.expose();
    publish_above();
  }
  task_core::run(worker);
}

// Up to the first that waits already: whoever saw to that one sees to those above.
void forked_task::publish_above() noexcept {
  for (forked_task* child = this; child != nullptr; child = child->scope_.task().forked()) {
    if (!child->scope_.publish()) return;
  }
}

std::coroutine_handle<> forked_task::end_unbegun(worker_context& worker) noexcept {  // R25
  static_cast<void>(state.take_cancel());
  static_cast<void>(state.finish());
  tell_outcome(true);
  return scope_.child_ended_unbegun(*this, worker);
}

void forked_task::tell_outcome(bool cancelled) noexcept {
  if (cancelled && result_kind() != outcome::error) {
    set_error(std::make_exception_ptr(cancelled_error(cancel_message())));
  }
  end_record();
  if (result_kind() == outcome::error) {
    scope_.child_failed(*this);
  } else if (scope_.policy_ == fork_policy::any) {
    scope_.child_won(*this);
  }
}

void forked_task::retire_pending() noexcept {
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

std::coroutine_handle<> task_core::ended(outcome how) noexcept {
  if (forked_task* child = forked()) [[likely]]
    return fork_scope::child_ended(*child, how);
  return ended_on_heap();
}

std::coroutine_handle<> task_core::ended_on_heap() noexcept {
  current_worker()->finished = static_cast<task_block*>(this);
  return std::noop_coroutine();
}

std::coroutine_handle<> fork_scope::child_ended(forked_task& child, outcome how) noexcept {
  fork_scope& scope = child.scope_;
  if (how != outcome::value || scope.policy_ == fork_policy::any || !child.state.finish_untouched()) [[unlikely]] {
    return scope.child_ended_seen(child, how);
  }
  // It never was in a queue, so it is for its worker to read this.
  worker_context* worker = scope.inside_;
  return worker == nullptr ? scope.child_ended_outside(*current_worker()) : scope.child_ended_inside(*worker);
}

std::coroutine_handle<> fork_scope::child_ended_seen(forked_task& child, outcome how) noexcept {
  // Nobody else can know it without notes, unless he holds its parent.
  const bool unknown = child.notes() == nullptr;
  const bool cancelled = unknown ? child.state.finish_unseen() : child.state.finish();
  if (!unknown || cancelled || how != outcome::value || policy_ == fork_policy::any) child.tell_outcome(cancelled);
  return inside_of(child) ? child_ended_inside(*inside_) : child_ended_outside(*current_worker());
}

std::coroutine_handle<> fork_scope::turn_to(forked_task* next, worker_context& worker) noexcept {
  if (leave()) {
    if (next != nullptr) worker.fork({&next, 1});
    return resume_parent(worker);
  }
  return next == nullptr ? std::noop_coroutine() : next->begin_first_turn(worker);
}

std::coroutine_handle<> fork_scope::child_ended_outside(worker_context& worker) noexcept {
  if (arrive(1)) return resume_parent(worker);
  forked_task* next = worker.unfork();
  return next == nullptr ? std::noop_coroutine() : next->begin_first_turn(worker);
}

std::coroutine_handle<> fork_scope::child_ended_unbegun(const forked_task& child, worker_context& worker) noexcept {
  bool last = false;
  if (inside_of(child)) {
    last = ++ended_here_ == count_ || leave();
  } else {
    last = arrive(1);
  }
  return last ? resume_parent(worker) : std::noop_coroutine();
}

bool fork_scope::arrive(std::size_t ended) noexcept {
  // [fork-join] acquire: the last child hands the results of all of them to the parent. Only the last one can read its
  // own number here, and then nobody else writes the counter any more.
  return remaining_.load(std::memory_order_acquire) == ended ||
         // [fork-join] release: this child's result, for the last one.
         remaining_.fetch_sub(ended, std::memory_order_acq_rel) == ended;
}

bool fork_scope::leave() noexcept {
  // Thieves have ended all others: the parent goes on here, inside those above.
  if (ended_here_ != 0 && remaining_.load(std::memory_order_acquire) == ended_here_) return true;  // [fork-join]
  inside_ = nullptr;
  publish();
  leave_from(task());
  const auto ended = std::exchange(ended_here_, 0);
  return ended != 0 && arrive(ended);
}

void fork_scope::leave_from(task_core& of) noexcept {
  for (forked_task* child = of.forked(); child != nullptr; child = child->scope_.task().forked()) {
    fork_scope& scope = child->scope_;
    if (!scope.inside_of(*child)) return;
    scope.inside_ = nullptr;
    scope.publish();
    // This child has not ended: none of these is the last to arrive.
    if (const auto ended = std::exchange(scope.ended_here_, 0)) static_cast<void>(scope.arrive(ended));
  }
}

std::coroutine_handle<> fork_scope::resume_published(worker_context& worker) noexcept {
  task_core& parent = task();
  if (claim() != claim_result::make_ready) return std::noop_coroutine();  // a canceller carries the parent on
  if (!parent.is_on_strand()) return parent.begin_turn(worker);
  parent.make_ready();
  return std::noop_coroutine();
}

void fork_scope::child_failed(forked_task& ended) noexcept {
  note(without_value);
  const auto error = ended.error();
  const auto what = classify(error);
  if (what == error_class::cancellation) return;
  if (what == error_class::fatal) ended.runtime.report_fatal(ended, error);
  if (policy_ == fork_policy::all && !decided_.exchange(true, std::memory_order_relaxed)) cancel_children();
}

void fork_scope::child_won(const forked_task& ended) noexcept {
  if (decided_.exchange(true, std::memory_order_relaxed)) return;
  winner_ = &ended;
  cancel_children();
}

// By a child that has ended and is still counted: none of the children can go away under it.
void fork_scope::cancel_children() noexcept {
  for (std::size_t i = 0; i < child_count(); ++i) child(i).cancel({});
}

void fork_scope::abandon() noexcept {
  for (std::size_t i = 0; i < child_count(); ++i) child(i).retire();
}

void fork_scope::throw_outcome(bool late_cancel) {
  const bool cancelled = late_cancel || (trouble_.load(std::memory_order_relaxed) & parent_cancelled) != 0;
  const bool won = winner_ != nullptr;
  auto failures = won ? std::vector<std::exception_ptr>() : errors();
  if (!failures.empty()) {
    // As a task group: the errors come out first, the cancel request at the next suspension.
    if (cancelled) task().state.restore_cancel();
    throw exception_group(std::move(failures));
  }
  if (!won || cancelled) throw_cancelled(task());
}

void fork_scope::copy_context(const context_slot& from) {
  for (std::size_t i = 0; i < child_count(); ++i) child(i).context.replace(from.copy());
}

std::vector<std::exception_ptr> fork_scope::errors() {
  std::vector<std::exception_ptr> all;
  for (std::size_t i = 0; i < count_; ++i) {
    auto error = child(i).error();
    if (error != nullptr && !is_cancellation(error)) all.push_back(std::move(error));
  }
  return all;
}

void throw_no_children() { throw usage_error("when_any of nothing: it needs at least one coro, or nobody can win"); }

}  // namespace charkha::detail
