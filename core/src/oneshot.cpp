// SPDX-License-Identifier: Apache-2.0
#include "charkha/oneshot.hpp"

#include "charkha/channel_closed.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

bool oneshot_state::send() noexcept {
  wake_list woken;
  const spin_guard guard(site.lock);
  if (phase_ != phase::open) return false;
  phase_ = phase::sent;
  receivers_.grant_all(woken);
  return true;
}

void oneshot_state::abandon() noexcept {
  wake_list woken;
  const spin_guard guard(site.lock);
  if (phase_ != phase::open) return;
  phase_ = phase::abandoned;
  receivers_.grant_all(woken);
}

void oneshot_state::refuse() noexcept {
  wake_list woken;
  const spin_guard guard(site.lock);
  if (phase_ != phase::open && phase_ != phase::sent) return;
  phase_ = phase::refused;
  senders_.grant_all(woken);
  receivers_.grant_all(woken);
}

oneshot_state::phase oneshot_state::take() noexcept {
  const spin_guard guard(site.lock);
  const phase before = phase_;
  if (before == phase::sent) phase_ = phase::taken;
  return before;
}

bool oneshot_arrival::enter(wake_list& /*woken*/) noexcept CHARKHA_REQUIRES(state_.site.lock) {
  is_second_ = state_.phase_ == oneshot_state::phase::open && !state_.receivers_.empty();
  return is_second_ || state_.phase_ != oneshot_state::phase::open;
}
wait_list& oneshot_arrival::line() const noexcept CHARKHA_REQUIRES(state_.site.lock) { return state_.receivers_; }

void oneshot_arrival::arrive_here() {
  finish();
  if (is_second_) throw usage_error("another task waits for the value of this oneshot: one can have it");
  const auto before = state_.take();
  if (before != oneshot_state::phase::sent) throw_nothing_to_receive(before);
}

bool oneshot_refusal::enter(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(state_.site.lock) {
  return state_.phase_ != oneshot_state::phase::open;
}
wait_list& oneshot_refusal::line() const noexcept CHARKHA_REQUIRES(state_.site.lock) { return state_.senders_; }

void throw_nothing_to_receive(oneshot_state::phase phase) {
  switch (phase) {
    case oneshot_state::phase::taken:
      throw usage_error("the value of this oneshot was received before: there is only one");
    case oneshot_state::phase::refused:
      throw channel_closed("the receiver was closed");
    default:
      throw channel_closed("the sender is gone and has sent nothing");
  }
}

void throw_empty_end() { throw usage_error("this end of a oneshot is empty: it was used up or moved from"); }

}  // namespace charkha::detail
