// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/scheduled_callback.hpp"

#include "charkha/detail/duration.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/usage_error.hpp"
#include "runtime_state.hpp"

namespace charkha::detail {

scheduled_callback::scheduled_callback(executor& runtime, worker_context* here, std::int64_t deadline,
                                       const std::source_location& site)
    : timer_entry(true, true),
      runtime_(runtime),
      deadline_(deadline),
      context_(current_context().copy()),
      site_(site),
      retained_(static_cast<runtime_state&>(runtime).retain(static_cast<worker*>(here))) {}

scheduled_callback::~scheduled_callback() { runtime_.release(retained_); }

void scheduled_callback::schedule(const worker_context* here) noexcept {
  if (deadline_ != no_deadline && here != nullptr) {
    state_.store(armed, std::memory_order_relaxed);
    // Another worker may collect the timer and make the call at once; the caller keeps a reference.
    runtime_of(*here).arm(static_cast<const worker&>(*here), *this, deadline_);
  } else if (runtime_.is_closed()) {
    finish();
  } else {
    runtime_.make_ready(*this, ready_kind::created);
  }
}

void scheduled_callback::arm_late(const worker_context& here) noexcept {
  // Another worker may collect the timer and make the call at once.
  const intrusive_ptr<scheduled_callback> kept(*this);
  runtime_of(here).arm(static_cast<const worker&>(here), *this, deadline_);
  // [callback-armed] release: the timer, for a canceller that finds the bit. Acquire: nothing but the bit.
  const auto before = state_.fetch_or(armed, std::memory_order_acq_rel);
  if ((before & cancelled) != 0 && timer_driver::disarm(*this)) finish();
}

void scheduled_callback::cancel() noexcept {
  // [callback-armed] acquire: the timer that is taken back.
  auto before = state_.load(std::memory_order_acquire);
  if ((before & (armed | cancelled)) == armed) {
    const auto note = [this] {
      state_.store(state_.load(std::memory_order_relaxed) | cancelled, std::memory_order_relaxed);
    };
    if (timer_driver::disarm(*this, note)) finish();
    return;
  }
  before = state_.fetch_or(cancelled, std::memory_order_acq_rel);  // [callback-armed]
  if ((before & (armed | cancelled)) == armed && timer_driver::disarm(*this)) finish();
}

void scheduled_callback::run(worker_context& worker) noexcept {
  const auto before = state_.load(std::memory_order_acquire);  // [callback-armed]
  if ((before & (cancelled | expired)) == 0 && deadline_ != no_deadline) {
    arm_late(worker);  // from outside: only now on a worker
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

worker_context& worker_that_calls() {
  if (worker_context* here = current_worker()) return *here;
  throw usage_error("call_soon, call_later and call_at are for workers: other threads have those of the runtime");
}

worker_context* worker_within(const executor& runtime) noexcept {
  return static_cast<const runtime_state&>(runtime).own_worker();
}

std::int64_t deadline_on(executor& runtime, worker_context* here, std::int64_t delay) noexcept {
  const auto& clock = static_cast<runtime_state&>(runtime);
  return later(here != nullptr ? clock.now(static_cast<worker&>(*here)) : clock.now(), delay);
}

}  // namespace charkha::detail
