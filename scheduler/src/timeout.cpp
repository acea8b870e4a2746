// SPDX-License-Identifier: Apache-2.0
#include "charkha/timeout.hpp"

#include "charkha/detail/this_thread.hpp"
#include "runtime_state.hpp"

namespace charkha::detail {

timeout_scope::timeout_scope(std::int64_t deadline)
    : task_(*this_worker().current), cancelling_(task_.state.cancelling()) {
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
  return expired_ && task_.state.uncancel() <= cancelling_;
}

ready_item* timeout_scope::expire() noexcept {
  expired_ = true;
  task_.cancel({});
  return nullptr;
}

std::int64_t deadline_after(std::chrono::nanoseconds duration) {
  return later(runtime_of(this_worker()).now(), duration.count());
}

}  // namespace charkha::detail
