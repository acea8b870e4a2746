// SPDX-License-Identifier: Apache-2.0
#include "charkha/barrier.hpp"

#include <stdexcept>

namespace charkha {

namespace detail {

wait_site& barrier_wait::site() const noexcept { return owner_.site_; }

bool barrier_wait::enter(wake_list& woken) noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  if (owner_.state_ == barrier_state::broken) {
    broken_ = true;
    return true;
  }
  inside_ = owner_.state_ == barrier_state::filling;
  if (!inside_ || ++owner_.count_ < owner_.parties_) return false;
  owner_.release_round(woken);
  index_ = owner_.parties_ - 1;
  owner_.left(woken);
  return true;
}

wait_list& barrier_wait::line() const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  return inside_ ? owner_.inside_ : owner_.outside_;
}

void barrier_wait::arrive(wake_list& woken) noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  if (!inside_) return;
  index_ = gift();
  // As it is now, not as it was when this was woken: an abort in between counts.
  broken_ = owner_.state_ != barrier_state::draining;
  owner_.left(woken);
}

void barrier_wait::leave(bool /*granted*/, wake_list& woken) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  if (inside_) owner_.left(woken);
}

std::ptrdiff_t barrier_wait::await_resume() {
  finish();
  if (broken_) throw broken_barrier_error("the barrier was aborted, or reset while this task waited for it");
  return index_;
}

}  // namespace detail

barrier::barrier(std::ptrdiff_t parties) : parties_(parties) {
  if (parties < 1) throw std::invalid_argument("a barrier needs 1 party or more");
}

coro<std::ptrdiff_t> barrier::wait() {
  std::ptrdiff_t index = detail::barrier_wait::again;
  while (index == detail::barrier_wait::again) index = co_await detail::barrier_wait(*this);
  co_return index;
}

void barrier::reset() noexcept {
  detail::wake_list woken;
  const detail::spin_guard guard(site_.lock);
  state_ = count_ > 0 ? state::resetting : state::filling;
  inside_.grant_all(woken);
}

void barrier::abort() noexcept {
  detail::wake_list woken;
  const detail::spin_guard guard(site_.lock);
  state_ = state::broken;
  inside_.grant_all(woken);
  outside_.grant_all(woken);
}

std::ptrdiff_t barrier::n_waiting() const noexcept {
  const detail::spin_guard guard(site_.lock);
  return state_ == state::filling ? count_ : 0;
}

bool barrier::broken() const noexcept {
  const detail::spin_guard guard(site_.lock);
  return state_ == state::broken;
}

void barrier::release_round(detail::wake_list& woken) noexcept {
  state_ = state::draining;
  std::ptrdiff_t next = 0;
  while (inside_.grant_oldest(woken, next)) ++next;
}

// One who was inside is out.
void barrier::left(detail::wake_list& woken) noexcept {
  if (--count_ > 0) return;
  if (state_ != state::broken) state_ = state::filling;
  outside_.grant_all(woken);
}

}  // namespace charkha
