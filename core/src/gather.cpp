// SPDX-License-Identifier: Apache-2.0
#include "charkha/cancelled_error.hpp"
#include "charkha/detail/gather_state.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

gather_state::gather_state(executor& owner, std::size_t children)
    : runtime(owner), children_(std::make_unique<child_entry[]>(children)), size_(children), remaining_(children) {}

void gather_state::start() {
  for (std::size_t i = 0; i < size_; ++i) {
    if (&child(i).runtime != &runtime) {
      throw usage_error("gather: task " + child(i).name() + " belongs to another runtime");
    }
  }
  if (size_ == 0) {
    waiters.close();
    return;
  }
  add_reference();  // the children's
  for (std::size_t i = 0; i < size_; ++i) {
    children_[i].state = this;
    if (children_[i].task->waiters.add(children_[i])) continue;
    // Done before it was gathered: nobody waits yet, so there is nothing to hop for.
    if (ready_item* item = child_completed(children_[i])) item->run(*current_worker());
  }
}

ready_item* gather_state::child_completed(const child_entry& child) noexcept {
  const bool failed = child.task->has_failed();
  if (failed) child.task->mark_retrieved();
  // [gather-settled] release: this child's result; acquire: those of the others, for the last one.
  const bool last = remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  if ((failed || last) && !settled_.exchange(true, std::memory_order_acq_rel)) {  // [gather-settled]
    failed_ = failed ? &child : nullptr;
    add_reference();  // the settling's
    if (last) settle_.releases_children = true;
    return &settle_;
  }
  return last ? &release_ : nullptr;
}

void gather_state::rethrow_failure(std::string_view message) const {
  if (failed_ != nullptr) std::rethrow_exception(failed_->task->error());
  if (cancel_requested_.load(std::memory_order_relaxed)) throw cancelled_error(std::string(message));
}

void gather_state::drop_reference() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void gather_state::settle_item::run(worker_context& /*worker*/) noexcept {
  gather_state& owner = state;
  owner.waiters.close();
  ready_item* item = nullptr;
  while (owner.waiters.take(item)) {
    if (item != nullptr) owner.runtime.make_ready(*item, ready_kind::woken);
  }
  discard();
}

void gather_state::settle_item::discard() noexcept {
  gather_state& owner = state;
  if (releases_children) owner.drop_reference();
  owner.drop_reference();
}

void gather_state::release_item::run(worker_context& /*worker*/) noexcept { discard(); }
void gather_state::release_item::discard() noexcept { state.drop_reference(); }

bool gather_wait::wait(task_core& self, std::coroutine_handle<> frame) {
  if (&self.runtime != &state_->runtime) throw usage_error("this gather belongs to another runtime");
  for (std::size_t i = 0; i < state_->size(); ++i) {
    if (&state_->child(i) == &self) throw usage_error("a task cannot gather itself: " + state_->child(i).name());
  }
  begin(self, frame);
  if (!state_->waiters.add(*this)) return false;
  return suspend();
}

void gather_wait::finish() {
  if (begun() && resumed_by_cancel()) {
    state_->waiters.remove(*this);
    throw_cancelled(task());
  }
  state_->rethrow_failure(begun() ? task().cancel_message() : std::string());
}

gather_wait::~gather_wait() {
  if (linked()) state_->waiters.remove(*this);
}

}  // namespace charkha::detail
