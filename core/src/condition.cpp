// SPDX-License-Identifier: Apache-2.0
#include "charkha/condition.hpp"

#include <exception>

#include "charkha/cancelled_error.hpp"
#include "charkha/usage_error.hpp"

namespace charkha {

namespace detail {

wait_site& condition_wait::site() const noexcept { return owner_.site_; }

// In line before the lock is released: whoever gets it next finds this waiter.
bool condition_wait::wait(task_core& self, std::coroutine_handle<> frame) {
  {
    const spin_guard guard(owner_.site_.lock);
    if (!owner_.site_.bind(self.runtime)) throw_bound_elsewhere(what_);
    join(owner_.waiters_, self, frame);
  }
  owner_.lock_.release();
  return suspend_in_line();
}

}  // namespace detail

coro<> condition::wait() {
  if (!locked()) throw usage_error("wait() needs the lock: acquire it before, release it afterwards");
  detail::condition_wait notification(*this);
  std::exception_ptr cancelled;
  try {
    co_await notification;
  } catch (const cancelled_error&) {
    cancelled = std::current_exception();
  }
  for (bool held = false; !held;) {
    try {
      co_await lock_.acquire();
      held = true;
    } catch (const cancelled_error&) {
      cancelled = std::current_exception();
    }
  }
  if (cancelled) {
    wake(1);
    std::rethrow_exception(cancelled);
  }
}

void condition::notify(std::size_t count) {
  if (!locked()) throw usage_error("notify() needs the lock: acquire it before, release it afterwards");
  wake(count);
}

void condition::wake(std::size_t count) noexcept {
  detail::wake_list woken;
  const detail::spin_guard guard(site_.lock);
  while (count > 0 && waiters_.grant_oldest(woken)) --count;
}

}  // namespace charkha
