// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/future_wait.hpp"

#include "charkha/any_future.hpp"
#include "charkha/invalid_state_error.hpp"
#include "charkha/usage_error.hpp"

namespace charkha {

std::exception_ptr any_future::exception() const {
  const auto& ended = finished();
  if (ended.was_cancelled()) std::rethrow_exception(ended.error());
  return ended.error();
}

std::size_t any_future::remove_done_callback(const done_callback_id& id) const {
  const auto& self = core();
  return id.callback_ && id.callback_->is_of(self) && id.callback_->remove() ? 1 : 0;
}

namespace detail {

void throw_not_done() {
  throw invalid_state_error("it is not done: the result can be read after it was awaited, or after done()");
}

void throw_empty_handle() { throw usage_error("this handle is empty: it was made without a task, or moved from"); }

void future_wait::leave() noexcept { core_->waiters.remove(*this); }

std::string_view future_wait::describe() const noexcept { return core_->task() != nullptr ? "task" : "future"; }

namespace {

[[noreturn]] void throw_not_awaitable(const future_core& core, const task_core& by) {
  if (core.stands_for(by)) throw usage_error("a task cannot await itself: " + core.describe());
  throw usage_error(core.describe() + " belongs to another runtime: await it there, or get() it on a foreign thread");
}

}  // namespace

bool future_wait::wait(task_core& self, std::coroutine_handle<> frame) {
  if (!core_->can_be_awaited_by(self)) [[unlikely]]
    throw_not_awaitable(*core_, self);
  begin(self, frame);
  if (!core_->waiters.add(*this)) return false;
  return suspend();
}

void future_wait::throw_cancel() {
  leave();
  throw_cancelled(task());
}

void ended_awaiter::await_resume() {
  finish();
  if (core().has_failed()) std::rethrow_exception(core().error());
}

}  // namespace detail
}  // namespace charkha
