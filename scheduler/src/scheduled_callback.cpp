// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/scheduled_callback.hpp"

#include "charkha/detail/duration.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/this_thread.hpp"
#include "runtime_state.hpp"

namespace charkha::detail {

void scheduled_callback::schedule() noexcept {
  const worker_context* here = current_worker();
  if (deadline_ != no_deadline && here != nullptr && &here->owner == &runtime_) {
    arm();
  } else if (runtime_.is_closed()) {
    finish();
  } else {
    runtime_.make_ready(*this, ready_kind::created);
  }
}

void scheduled_callback::arm() noexcept {
  // Another worker may collect the timer and make the call at once.
  const intrusive_ptr<scheduled_callback> kept(*this);
  static_cast<runtime_state&>(runtime_).arm(*this, deadline_);
  // [callback-armed] release: the timer, for a canceller that finds the bit. Acquire: nothing but the bit.
  const auto before = state_.fetch_or(armed, std::memory_order_acq_rel);
  if ((before & cancelled) != 0 && timer_driver::disarm(*this)) finish();
}

void scheduled_callback::cancel() noexcept {
  // [callback-armed] acquire: the timer that is taken back.
  const auto before = state_.fetch_or(cancelled, std::memory_order_acq_rel);
  if ((before & (armed | cancelled)) == armed && timer_driver::disarm(*this)) finish();
}

void scheduled_callback::run(worker_context& /*worker*/) noexcept {
  const auto before = state_.load(std::memory_order_acquire);  // [callback-armed]
  if ((before & (cancelled | expired)) == 0 && deadline_ != no_deadline) {
    arm();  // from outside: only now on a worker
    return;
  }
  if ((before & cancelled) == 0) {
    const context_scope own(&context_);
    try {
      invoke();
    } catch (...) {
      runtime_.report_callback_error(site_, std::current_exception());
    }
  }
  finish();
}

void scheduled_callback::finish() noexcept {
  release_function();
  drop_reference();
}

std::int64_t deadline_on(executor& runtime, std::int64_t delay) noexcept {
  return later(static_cast<runtime_state&>(runtime).now(), delay);
}

}  // namespace charkha::detail
