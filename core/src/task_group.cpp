// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/detail/task_group_scope.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

// ---- children --------------------------------------------------------------------------------------------------------

void group_child::run(worker_context& /*worker*/) noexcept { group_->child_ended(*this); }

// The runtime is torn down. Its tasks go one after another: the group may be gone, or still be there.
void group_child::discard() noexcept {
  if (group_ != nullptr) group_->child_discarded(*this);
  delete this;
}

group_place::group_place(task_group_scope& group) : child_(std::make_unique<group_child>(group)), group_(group) {
  group_.admit();
}

group_place::~group_place() {
  if (child_) group_.give_back_place();
}

executor& group_place::runtime() const noexcept { return *group_.runtime_; }

void group_place::take(task_block& task) noexcept { group_.add(std::move(child_), task); }

void task_group_scope::admit() {
  const char* refusal = nullptr;
  {
    const spin_guard guard(lock_);
    if (phase_ == phase::created) {
      refusal = "this task group has not been entered: create its tasks in the body of run() or with_task_group()";
    } else if (phase_ == phase::over || (closed_ && outstanding_ == 0)) {
      refusal = "this task group has ended: it takes no more tasks";
    } else if (aborting_) {
      refusal = "this task group is being cancelled: it takes no more tasks";
    } else {
      ++outstanding_;
    }
  }
  if (refusal != nullptr) throw usage_error(refusal);
}

void task_group_scope::give_back_place() noexcept {
  ready_item* owner = nullptr;
  {
    const spin_guard guard(lock_);
    owner = settle_one();
  }
  if (owner != nullptr) runtime_->make_ready(*owner, ready_kind::woken);
}

void task_group_scope::add(std::unique_ptr<group_child> child, task_block& task) noexcept {
  executor& runtime = *runtime_;
  group_child& added = *child.release();
  added.task_ = intrusive_ptr<task_block>(task);
  bool stop = false;
  {
    const spin_guard guard(lock_);
    stop = aborting_;
    if (stop) {
      prepend(children_, added);
    } else {
      append(children_, added);
    }
  }
  if (stop) task.cancel({});
  // From here on the child may end, and with it the group.
  if (!task.waiters.add(added)) runtime.make_ready(added, ready_kind::woken);
}

void task_group_scope::child_ended(group_child& child) noexcept {
  task_block& task = *child.task_;
  const bool failed = task.has_failed() && !task.was_cancelled();
  if (failed) task.mark_retrieved();
  bool abort = false;
  ready_item* owner = nullptr;
  {
    const spin_guard guard(lock_);
    if (cursor_ == &child) cursor_ = child.next_;
    unlink(children_, child);
    if (failed) append(failed_, child);
    abort = failed && !aborting_;
    if (abort) {
      begin_abort();  // in the place of this child
      asked_owner_ = true;
    } else {
      owner = settle_one();
    }
  }
  if (abort) finish_abort();
  if (owner != nullptr) runtime_->make_ready(*owner, ready_kind::woken);
  if (!failed) delete &child;
}

void task_group_scope::child_discarded(group_child& child) noexcept {
  const spin_guard guard(lock_);
  unlink(children_, child);
  --outstanding_;
}

// ---- abort -----------------------------------------------------------------------------------------------------------

void task_group_scope::begin_abort() noexcept {
  aborting_ = true;
  cursor_ = children_.first;
}

// Children first, then the owner: with one worker that is the order in which they go on.
void task_group_scope::finish_abort() noexcept {
  stop_children();
  own_.ask();
  give_back_place();
}

void task_group_scope::stop_children() noexcept {
  for (;;) {
    intrusive_ptr<task_block> next;
    {
      const spin_guard guard(lock_);
      if (cursor_ == nullptr) return;
      next = cursor_->task_;
      cursor_ = cursor_->next_;
    }
    next->cancel({});
  }
}

void task_group_scope::cancel() noexcept {
  {
    const spin_guard guard(lock_);
    if (phase_ == phase::created) cancel_on_entry_ = true;
    if (phase_ != phase::entered || aborting_ || (closed_ && outstanding_ == 0)) return;
    begin_abort();
    asked_owner_ = true;
    ++outstanding_;
  }
  finish_abort();
}

// ---- the owner -------------------------------------------------------------------------------------------------------

void task_group_scope::enter() {
  const worker_context* here = current_worker();
  if (here == nullptr || here->current == nullptr) {
    throw usage_error("a task group is entered by a task: co_await its run() in one");
  }
  bool again = false;
  bool stop = false;
  {
    const spin_guard guard(lock_);
    again = phase_ != phase::created;
    if (!again) {
      own_.enter(*here->current);
      runtime_ = &here->owner;
      phase_ = phase::entered;
      stop = cancel_on_entry_;
    }
  }
  if (again) throw usage_error("this task group has been entered before: make a new one for each use");
  if (stop) cancel();
}

void task_group_scope::close(std::exception_ptr error) noexcept {
  bool abort = false;
  {
    const spin_guard guard(lock_);
    closed_ = true;
    abort = error != nullptr && !aborting_;
    if (abort) begin_abort();
  }
  if (abort) stop_children();
  if (error == nullptr) return;
  (is_cancellation(error) ? cancellation_ : body_error_) = std::move(error);
}

bool task_group_scope::try_finish() noexcept {
  const spin_guard guard(lock_);
  if (outstanding_ != 0) return false;
  phase_ = phase::over;
  return true;
}

// The owner was asked to stop, by the group or by others, while it waited.
void task_group_scope::owner_cancelled() {
  late_request_ = std::make_exception_ptr(cancelled_error(own_.task().cancel_message()));
  bool abort = false;
  {
    const spin_guard guard(lock_);
    abort = !aborting_;
    if (abort) begin_abort();
  }
  if (!abort) return;
  cancellation_ = late_request_;
  stop_children();
}

void task_group_scope::finish() {
  std::vector<std::exception_ptr> errors;
  bool asked = false;
  child_list failed;
  {
    const spin_guard guard(lock_);
    asked = asked_owner_;
    failed = failed_;
  }
  // Nobody else looks at the list any more.
  for (const group_child* each = failed.first; each != nullptr; each = each->next_) {
    errors.push_back(each->task_->error());
  }
  if (asked && own_.take_back()) {
    cancellation_ = nullptr;
  } else if (late_request_ != nullptr) {
    cancellation_ = late_request_;  // what ended the body may have been a request that is taken back
  }
  if (body_error_ != nullptr) errors.push_back(body_error_);
  if (errors.empty()) {
    if (cancellation_ != nullptr) std::rethrow_exception(cancellation_);
    return;
  }
  if (own_.asked_by_others()) own_.redeliver();
  throw exception_group("unhandled errors in a task group", std::move(errors));
}

// Children are left only if the runtime is torn down, and then nobody else runs.
void task_group_scope::leave() noexcept {
  child_list left;
  child_list failed;
  {
    const spin_guard guard(lock_);
    phase_ = phase::over;
    left = std::exchange(children_, {});
    failed = std::exchange(failed_, {});
  }
  body_error_ = cancellation_ = late_request_ = nullptr;
  while (group_child* child = left.first) {
    unlink(left, *child);
    child->group_ = nullptr;
    if (child->task_->waiters.remove(*child)) delete child;
  }
  while (group_child* child = failed.first) {
    unlink(failed, *child);
    delete child;
  }
}

// ---- the owner's wait ------------------------------------------------------------------------------------------------

bool task_group_scope::begin_wait(task_group_wait& wait) noexcept {
  const spin_guard guard(lock_);
  if (outstanding_ == 0) return false;
  waiting_ = &wait;
  return true;
}

void task_group_scope::end_wait(task_group_wait& wait) noexcept {
  const spin_guard guard(lock_);
  if (waiting_ == &wait) waiting_ = nullptr;
}

// Something outstanding is over. The owner's turn, if he is to be made ready for it:
// until then the group stays.
ready_item* task_group_scope::settle_one() noexcept {
  if (--outstanding_ != 0 || waiting_ == nullptr) return nullptr;
  return std::exchange(waiting_, nullptr)->complete();
}

void task_group_wait::await_resume() {
  if (resumed_by_cancel()) group_.owner_cancelled();
}

// ---- lists -----------------------------------------------------------------------------------------------------------

void task_group_scope::append(child_list& list, group_child& child) noexcept {
  child.previous_ = list.last;
  child.next_ = nullptr;
  (list.last != nullptr ? list.last->next_ : list.first) = &child;
  list.last = &child;
}

void task_group_scope::prepend(child_list& list, group_child& child) noexcept {
  child.previous_ = nullptr;
  child.next_ = list.first;
  (list.first != nullptr ? list.first->previous_ : list.last) = &child;
  list.first = &child;
}

void task_group_scope::unlink(child_list& list, group_child& child) noexcept {
  (child.previous_ != nullptr ? child.previous_->next_ : list.first) = child.next_;
  (child.next_ != nullptr ? child.next_->previous_ : list.last) = child.previous_;
}

void throw_no_group_value() { throw cancelled_error("the task group was cancelled before its body gave a value"); }

}  // namespace charkha::detail
