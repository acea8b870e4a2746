// SPDX-License-Identifier: Apache-2.0
#include "charkha/timeout.hpp"

#include "charkha/detail/this_thread.hpp"
#include "runtime_state.hpp"

namespace charkha::detail {

timeout_scope::timeout_scope(std::int64_t deadline)
    : timer_entry(true),
      task_(*this_worker().current),
      cancelling_(task_.state.cancelling()),
      pending_(task_.state.cancel_pending()) {
  auto& runtime = static_cast<runtime_state&>(task_.runtime);
  if (deadline <= runtime.now()) {
    runtime.expire_now(*this);
  } else {
    runtime.arm(*this, deadline);
  }
}

bool timeout_scope::leave() noexcept {
  if (left_) return false;
  left_ = true;
  timer_driver::disarm(*this);
  // A request of this scope that found no suspension goes with it.
  return expired_ && task_.state.uncancel(pending_ ? 0 : cancelling_) <= cancelling_;
}

ready_item* timeout_scope::expire() noexcept {
  expired_ = true;
  auto told = task_.listener();
  const auto asked = task_.begin_cancel();
  unfinished = asked == cancel_result::held;
  // The listener's code is not for the lock that is held here: it gets a turn, which takes over the reference.
  return asked == cancel_result::refused ? nullptr : told.release();
}

// The task is held: it cannot leave the scope before this lets it go.
void timeout_scope::finish_expiry() noexcept {
  unfinished = false;
  task_.finish_cancel({});
}

std::int64_t deadline_after(std::chrono::nanoseconds duration) {
  return later(runtime_of(this_worker()).now(), duration.count());
}

}  // namespace charkha::detail
