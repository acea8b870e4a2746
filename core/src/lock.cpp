// SPDX-License-Identifier: Apache-2.0
#include "charkha/lock.hpp"

#include "charkha/usage_error.hpp"

namespace charkha {

namespace detail {

wait_list& lock_wait::line() const noexcept CHARKHA_REQUIRES(owner_.site_.lock) { return owner_.waiters_; }
void lock_wait::arrive(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  owner_.state_ = lock_state::held;
  owner_.holder_ = lock_holder(task());
}
void lock_wait::leave(bool granted, wake_list& woken) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  if (granted) owner_.pass_on(woken);
}

std::uint64_t lock_wait::holder() const noexcept {
  if (is_orphaned()) return lock_holder::unknown;
  const spin_guard guard(owner_.site_.lock);
  // On its way, it is held by nobody.
  return owner_.state_ == lock_state::held ? owner_.holder_.number_in(task().runtime) : lock_holder::unknown;
}

}  // namespace detail

void lock::refuse() { throw usage_error("the lock is not held: it was released already, or never acquired"); }

}  // namespace charkha
