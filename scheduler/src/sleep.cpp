// SPDX-License-Identifier: Apache-2.0
#include "charkha/sleep.hpp"

#include "charkha/detail/this_thread.hpp"
#include "runtime_state.hpp"

namespace charkha {

clock::time_point clock::now() noexcept {
  detail::worker_context* here = detail::current_worker();
  if (here != nullptr) {
    return time_point(duration(detail::runtime_of(*here).now(static_cast<detail::worker&>(*here))));
  }
  return time_point(std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

namespace detail {

bool sleep_awaiter::wait(task_core& self, std::coroutine_handle<> frame) noexcept {
  auto& runtime = static_cast<runtime_state&>(self.runtime);
  begin(self, frame);
  if (time_ > 0) {
    worker& here = worker_here();
    const std::int64_t now = runtime.now(here);
    const std::int64_t deadline = mode_ == mode::until ? time_ : later(now, time_);
    if (deadline > now) {
      runtime.arm(here, *this, deadline);
      return suspend();
    }
  }
  self.make_ready(ready_kind::yielded);
  return true;
}

ready_item* sleep_awaiter::expire() noexcept { return complete(); }

void sleep_awaiter::await_resume() {
  task_core& self = task();
  if (!resumed_by_cancel()) return;
  timer_driver::disarm(*this);
  throw_cancelled(self);
}

sleep_awaiter::~sleep_awaiter() {
  if (next != nullptr || hop != nullptr) timer_driver::disarm(*this);
}

}  // namespace detail
}  // namespace charkha
