// SPDX-License-Identifier: Apache-2.0
#include "charkha/wait.hpp"

#include "charkha/detail/duration.hpp"
#include "runtime_state.hpp"

namespace charkha::detail {

settle_when settle_rule(return_when until) {
  switch (until) {
    case return_when::all_completed:
      return settle_when::all_completed;
    case return_when::first_completed:
      return settle_when::first_completed;
    case return_when::first_exception:
      return settle_when::first_exception;
  }
  throw std::invalid_argument("charkha: wait_options.until is " + std::to_string(static_cast<int>(until)) +
                              ", which is no return_when");
}

bool timed_completion_wait::wait_until(task_core& self, std::coroutine_handle<> frame) {
  if (!enter(self, frame)) return false;
  if (timeout_ != std::chrono::nanoseconds::max().count()) {
    auto& runtime = static_cast<runtime_state&>(self.runtime);
    worker& here = worker_here();
    runtime.arm(here, *this, later(runtime.now(here), timeout_));
  }
  return suspend();
}

void timed_completion_wait::leave() noexcept {
  if (left_) return;
  left_ = true;
  timer_driver::disarm(*this);
  set().waiters.remove(*this);
  set().stop();
}

void timed_completion_wait::await_resume() {
  const bool cancelled = left_by_cancel();
  leave();
  if (cancelled) throw_cancelled(task());
}

timed_completion_wait::~timed_completion_wait() {
  if (begun()) leave();
}

}  // namespace charkha::detail
