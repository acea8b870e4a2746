// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/completion_set.hpp"

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/awaitable.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

completion_set::completion_set(executor& owner, std::size_t children, settle_when rule, bool sees_errors)
    : runtime(owner),
      children_(std::make_unique<entry[]>(children)),
      size_(children),
      rule_(rule),
      sees_errors_(sees_errors),
      remaining_(children) {}

void completion_set::start(bool at_once, std::string_view what) {
  for (std::size_t i = 0; i < size_; ++i) {
    if (&child(i).home() != &runtime) throw_foreign(what, child(i));
  }
  if (size_ == 0) {
    ready_item* none = nullptr;
    static_cast<void>(waiters.close(none));
    return;
  }
  hold();  // the children's
  for (std::size_t i = 0; i < size_; ++i) {
    children_[i].set = this;
    if (children_[i].core->waiters.add(children_[i])) continue;
    ready_item* item = child_completed(children_[i]);
    if (item == nullptr) continue;
    if (at_once) {
      item->run(*current_worker());
    } else {
      runtime.make_ready(*item, ready_kind::created);
    }
  }
}

void throw_foreign(std::string_view what, const future_core& foreign) {
  throw usage_error(std::string(what) + ": " + foreign.describe() + " belongs to another runtime");
}

void completion_set::stop() noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    if (!child(i).waiters.remove(children_[i])) continue;
    // Relaxed: remove() has taken, or will take, the lock under which each child completes; the caller's reference stays
    // until then.
    if (remaining_.fetch_sub(1, std::memory_order_relaxed) == 1) release();
  }
}

bool completion_set::is_decisive(const future_core& child) const noexcept {
  switch (rule_) {
    case settle_when::all_completed:
      return false;
    case settle_when::first_completed:
      return true;
    case settle_when::first_exception:
      return child.has_failed() && !child.was_cancelled();
    case settle_when::first_failure:
      return child.has_failed();
  }
  __builtin_unreachable();
}

bool completion_set::try_settle(const entry* failed) noexcept {
  // Relaxed: it only says who settles. What he has seen goes through the ready queue with the settling.
  if (settled_.exchange(true, std::memory_order_relaxed)) return false;
  failed_ = failed;
  hold();  // the settling's
  return true;
}

ready_item* completion_set::child_completed(const entry& child) noexcept {
  const bool failed = child.core->has_failed();
  if (sees_errors_ && failed) child.core->mark_retrieved();
  bool settles = is_decisive(*child.core) && try_settle(failed ? &child : nullptr);
  // [set-settled] release: this child's result. [set-settled] acquire: those of the others, for the last one. Who is not the last one
  // and does not settle has nothing that keeps the set alive from here on.
  const bool last = remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  if (last && !settles) settles = try_settle(nullptr);
  if (!settles) return last ? &release_ : nullptr;
  settle_.releases_children = last;
  return &settle_;
}

bool completion_set::has_child(const task_core& task) const noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    if (child(i).stands_for(task)) return true;
  }
  return false;
}

// By a child that goes away without having completed: its set has no user any more, so nobody waits.
void completion_set::child_dropped() noexcept {
  if (remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1) release();  // [set-settled]
}

void completion_set::drop_reference() noexcept {
  // [last-reference] release: this user's use; acquire: that of the others, before the children may go.
  if (users_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  for (std::size_t i = 0; i < size_; ++i) {
    if (children_[i].core != nullptr) children_[i].core->drop_reference();
  }
  release();
}

void completion_set::release() noexcept {
  // [last-reference] release: this holder's use; acquire: that of the others, before it is freed.
  if (holds_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void completion_set::settle_item::run(worker_context& worker) noexcept {
  completion_set& owner = set;
  ready_item* item = nullptr;
  for (bool told = owner.waiters.close(item); told; told = owner.waiters.take(item)) {
    if (item != nullptr) worker.enqueue(*item, ready_kind::woken);
  }
  discard();
}

void completion_set::settle_item::discard() noexcept {
  completion_set& owner = set;
  if (releases_children) owner.release();
  owner.release();
}

void completion_set::release_item::run(worker_context& /*worker*/) noexcept { discard(); }
void completion_set::release_item::discard() noexcept { set.release(); }

bool completion_wait::enter(task_core& self, std::coroutine_handle<> frame) {
  if (&self.runtime != &set_->runtime) throw usage_error("this " + std::string(name_) + " belongs to another runtime");
  if (set_->has_child(self)) throw usage_error("a task cannot await itself by " + std::string(name_));
  begin(self, frame);
  return set_->waiters.add(*this);
}

bool completion_wait::left_by_cancel() noexcept {
  if (!begun() || !resumed_by_cancel()) return false;
  set_->waiters.remove(*this);
  return true;
}

completion_wait::~completion_wait() {
  if (linked()) set_->waiters.remove(*this);
}

void gather_wait::finish() {
  if (left_by_cancel()) throw_cancelled(task());
  if (const future_core* failed = set().failed()) std::rethrow_exception(failed->error());
  if (set().cancel_noted()) throw cancelled_error(begun() ? task().cancel_message() : std::string());
}

}  // namespace charkha::detail
