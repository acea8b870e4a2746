// SPDX-License-Identifier: Apache-2.0
#include "charkha/timeout_scope.hpp"

#include "charkha/detail/this_thread.hpp"
#include "charkha/usage_error.hpp"
#include "runtime_state.hpp"

namespace charkha {

// The entry stays on the shard of the worker that entered it, armed or not, so that its lock decides between expiry,
// reschedule() and the end.
void timeout_scope::enter() {
  auto& here = detail::this_worker();
  if (here.current == nullptr) throw usage_error("a timeout_scope is entered by a task: co_await its run() in one");
  if (phase_.load(std::memory_order_relaxed) != phase::created) {
    throw usage_error("this timeout_scope has been entered before: make a new one for each use");
  }
  auto& runtime = detail::runtime_of(here);
  runtime_ = &runtime;
  own_.enter(*here.current);
  const auto deadline = when_.load(std::memory_order_relaxed);
  if (deadline == no_deadline) {
    runtime.place(here, *this);
  } else if (!was_ahead_ && deadline <= runtime.now(here)) {
    runtime.expire_now(here, *this);
  } else {
    runtime.arm(here, *this, deadline);
  }
  // [scope-entered] release: whoever reschedules finds the runtime and the shard.
  phase_.store(phase::entered, std::memory_order_release);
}

bool timeout_scope::leave() noexcept {
  if (phase_.load(std::memory_order_relaxed) != phase::entered) return false;
  // Before disarm() takes the lock: who gets it afterwards sees that the scope has been left.
  phase_.store(phase::left, std::memory_order_relaxed);
  detail::timer_driver::disarm(*this);
  return expired_.load(std::memory_order_relaxed) && own_.take_back();
}

void timeout_scope::reschedule(std::optional<clock::time_point> deadline) {
  auto& here = detail::this_worker();
  // [scope-entered] acquire
  if (phase_.load(std::memory_order_acquire) == phase::created) {
    throw usage_error("this timeout_scope has not been entered: there is nothing to reschedule yet");
  }
  if (&here.owner != runtime_) {
    throw usage_error("this timeout_scope was entered in another runtime: reschedule it there");
  }
  const auto moved = deadline ? std::optional(nanoseconds(*deadline)) : std::nullopt;
  if (detail::runtime_of(here).rearm(*this, moved)) return;
  throw usage_error(expired() ? "this timeout_scope has expired: it cannot be rescheduled any more"
                              : "this timeout_scope has ended: it cannot be rescheduled any more");
}

detail::ready_item* timeout_scope::expire() noexcept {
  expired_.store(true, std::memory_order_relaxed);
  auto told = own_.listener();  // its code is not for here: it takes a turn
  unfinished = own_.begin();
  return told.release();
}

bool timeout_scope::accept_deadline(std::optional<std::int64_t> deadline) noexcept {
  if (expired() || phase_.load(std::memory_order_relaxed) == phase::left) return false;
  when_.store(deadline.value_or(no_deadline), std::memory_order_relaxed);
  return true;
}

// The task is held: it cannot leave the scope before this lets it go.
void timeout_scope::finish_expiry() noexcept {
  unfinished = false;
  own_.finish();
}

namespace detail {

relative_deadline deadline_after(std::chrono::nanoseconds duration) {
  auto& here = this_worker();
  const auto now = runtime_of(here).now(here);
  return {clock::time_point(clock::duration(later(now, duration.count()))), duration.count() > 0};
}

}  // namespace detail
}  // namespace charkha
