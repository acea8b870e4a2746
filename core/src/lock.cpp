// SPDX-License-Identifier: Apache-2.0
#include "charkha/lock.hpp"

#include "charkha/usage_error.hpp"

namespace charkha {

namespace detail {

wait_site& lock_wait::site() const noexcept { return owner_.site_; }
bool lock_wait::enter(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) { return owner_.take(); }
wait_list& lock_wait::line() const noexcept CHARKHA_REQUIRES(owner_.site_.lock) { return owner_.waiters_; }
void lock_wait::arrive(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  owner_.state_ = lock_state::held;
}
void lock_wait::leave(bool granted, wake_list& woken) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  if (granted) owner_.pass_on(woken);
}

guard<lock> lock_hold::await_resume() {
  finish();
  return guard<lock>(owner());
}

}  // namespace detail

void lock::refuse() { throw usage_error("the lock is not held: it was released already, or never acquired"); }

}  // namespace charkha
