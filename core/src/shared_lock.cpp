// SPDX-License-Identifier: Apache-2.0
#include "charkha/shared_lock.hpp"

#include "charkha/usage_error.hpp"

namespace charkha {

namespace detail {

wait_site& shared_lock_wait::site() const noexcept { return owner_.site_; }
bool shared_lock_wait::enter(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  return owner_.take(shared_, lock_holder(task()));
}
wait_list& shared_lock_wait::line() const noexcept CHARKHA_REQUIRES(owner_.site_.lock) { return owner_.waiters_; }

// Also without a grant: a writer that gives up lets the readers behind it in.
void shared_lock_wait::leave(bool granted, wake_list& woken) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  if (granted) owner_.left(shared_);
  owner_.admit(woken);
}

std::uint64_t shared_lock_wait::holder() const noexcept {
  if (is_orphaned()) return lock_holder::unknown;
  const spin_guard guard(owner_.site_.lock);
  return owner_.writer_ ? owner_.holder_.number_in(task().runtime) : lock_holder::unknown;
}

guard<shared_lock> shared_lock_hold::await_resume() {
  finish();
  return guard<shared_lock>(owner());
}

guard<shared_lock, release_reader> shared_lock_hold_shared::await_resume() {
  finish();
  return guard<shared_lock, release_reader>(owner());
}

}  // namespace detail

bool shared_lock::try_acquire() noexcept {
  const auto by = detail::lock_holder::running();
  const detail::spin_guard guard(site_.lock);
  return take(false, by);
}

bool shared_lock::try_acquire_shared() noexcept {
  const detail::spin_guard guard(site_.lock);
  return take(true, {});
}

void shared_lock::release() {
  if (!give(false)) throw usage_error("the lock is not held by a writer: it was released already, or never acquired");
}

void shared_lock::release_shared() {
  if (!give(true)) throw usage_error("the lock is not held by readers: it was released already, or never acquired");
}

bool shared_lock::locked() const noexcept {
  const detail::spin_guard guard(site_.lock);
  return writer_;
}

std::size_t shared_lock::readers() const noexcept {
  const detail::spin_guard guard(site_.lock);
  return readers_;
}

void shared_lock::entered(bool shared, detail::lock_holder by) noexcept {
  if (shared) {
    ++readers_;
  } else {
    writer_ = true;
    holder_ = by;
  }
}

void shared_lock::left(bool shared) noexcept {
  if (shared) {
    --readers_;
  } else {
    writer_ = false;
  }
}

bool shared_lock::take(bool shared, detail::lock_holder by) noexcept {
  if (!waiters_.empty() || !can_enter(shared)) return false;
  entered(shared, by);
  return true;
}

// One at a time, since those behind a waiter that turns out to be cancelled may be of the other kind.
void shared_lock::admit(detail::wake_list& woken) noexcept {
  while (!waiters_.empty()) {
    const auto& oldest = static_cast<const detail::shared_lock_wait&>(waiters_.oldest());
    const bool shared = oldest.shared_;
    if (!can_enter(shared)) return;
    const detail::lock_holder by(oldest.task());  // once granted it may be gone
    if (waiters_.grant_one(woken)) entered(shared, by);
  }
}

bool shared_lock::give(bool shared) noexcept {
  detail::wake_list woken;
  const detail::spin_guard guard(site_.lock);
  if (shared ? readers_ == 0 : !writer_) return false;
  left(shared);
  admit(woken);
  return true;
}

}  // namespace charkha
