// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/completion_set.hpp"

#include <new>
#include <type_traits>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/awaitable.hpp"
#include "charkha/detail/frame_pool.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

completion_set::completion_set(executor& owner, std::size_t children, settle_when rule, bool sees_errors) noexcept
    : runtime(owner),
      children_(::new(static_cast<void*>(this + 1)) entry[children]),
      size_(children),
      rule_(rule),
      sees_errors_(sees_errors),
      remaining_(children) {
  static_assert(alignof(entry) <= alignof(completion_set) && std::is_trivially_destructible_v<entry>);
}

intrusive_ptr<completion_set> completion_set::make(executor& owner, std::size_t children, settle_when rule,
                                                   bool sees_errors) {
  void* const memory = allocate_frame(bytes(children));
  return intrusive_ptr<completion_set>::adopt(*::new (memory) completion_set(owner, children, rule, sees_errors));
}

void completion_set::start(bool at_once, std::string_view what) {
  for (std::size_t i = 0; i < size_; ++i) {
    if (&child(i).home() != &runtime) throw_foreign(what, child(i));
  }
  if (size_ == 0) {
    ready_item* none = nullptr;
    static_cast<void>(waiters.close(none));
    return;
  }
  holds_.store(2, std::memory_order_relaxed);  // the user's and the children's: nobody else knows the set yet
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

bool completion_set::is_decisive(const future_core& child, bool failed) const noexcept {
  switch (rule_) {
    case settle_when::all_completed:
      return false;
    case settle_when::first_completed:
      return true;
    case settle_when::first_exception:
      return failed && !child.was_cancelled();
    case settle_when::first_failure:
      return failed;
  }
  __builtin_unreachable();
}

ready_item* completion_set::child_completed(const entry& child) noexcept {
  const bool failed = child.core->has_failed();
  if (sees_errors_ && failed) child.core->mark_retrieved();
  // Relaxed: it only says who settles. What he has seen goes through the ready queue with the settling.
  const bool decides = is_decisive(*child.core, failed) && !decided_.exchange(true, std::memory_order_relaxed);
  if (decides) {
    failed_ = failed ? &child : nullptr;
    holds_.fetch_add(1, std::memory_order_relaxed);  // the settling's
  }
  // [set-settled] release: this child's result. [set-settled] acquire: those of the others, for the last one. Who is not the last one
  // and does not settle has nothing that keeps the set alive from here on.
  const bool last = remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  if (!last) return decides ? &settle_ : nullptr;
  if (decides) {
    settle_.holds = 2;
    return &settle_;
  }
  // [set-settled] whoever has decided did so before he was counted. If nobody has, the children's hold is the settling's.
  return decided_.load(std::memory_order_relaxed) ? static_cast<ready_item*>(&release_) : &settle_;
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
  // [last-reference] release: this user's use; acquire: that of the others, before the children may go. The only one left
  // need not be counted down.
  if (users_.load(std::memory_order_acquire) != 1 && users_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  for (std::size_t i = 0; i < size_; ++i) {
    if (children_[i].core != nullptr) children_[i].core->drop_reference();
  }
  release();
}

void completion_set::release(std::uint32_t holds) noexcept {
  // [last-reference] release: this holder's use; acquire: that of the others, before it is freed.
  if (holds_.load(std::memory_order_acquire) != holds && holds_.fetch_sub(holds, std::memory_order_acq_rel) != holds) {
    return;
  }
  const std::size_t size = bytes(size_);
  this->~completion_set();
  deallocate_frame(this, size);
}

void completion_set::settle_item::run(worker_context& worker) noexcept {
  completion_set& owner = set;
  ready_item* item = nullptr;
  for (bool told = owner.waiters.close(item); told; told = owner.waiters.take(item)) {
    if (item != nullptr) worker.enqueue(*item, ready_kind::woken);
  }
  discard();
}

void completion_set::settle_item::discard() noexcept { set.release(holds); }

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
