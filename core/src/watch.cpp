// SPDX-License-Identifier: Apache-2.0
#include "charkha/watch.hpp"

#include "charkha/channel_closed.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

bool watch_state::send(value next) noexcept {
  wake_list woken;
  const spin_guard guard(site.lock);
  if (closed_) return false;
  newest_.swap(next);  // the old one is freed after unlocking
  ++present_;
  waiters_.grant_all(woken);
  return true;
}

void watch_state::close() noexcept {
  wake_list woken;
  const spin_guard guard(site.lock);
  closed_ = true;
  waiters_.grant_all(woken);
}

watch_state::value watch_state::newest() const noexcept {
  const spin_guard guard(site.lock);
  return newest_;
}

watch_state::value watch_state::newest(version& seen) const noexcept {
  const spin_guard guard(site.lock);
  seen = present_;
  return newest_;
}

watch_state::version watch_state::present() const noexcept {
  const spin_guard guard(site.lock);
  return present_;
}

void watch_state::add_receiver() noexcept {
  const spin_guard guard(site.lock);
  ++receivers_;
}

void watch_state::drop_receiver() noexcept {
  const spin_guard guard(site.lock);
  --receivers_;
}

std::size_t watch_state::receivers() const noexcept {
  const spin_guard guard(site.lock);
  return receivers_;
}

bool watch_change::enter(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(state_.site.lock) {
  return state_.present_ != seen_ || state_.closed_;
}
wait_list& watch_change::line() const noexcept CHARKHA_REQUIRES(state_.site.lock) { return state_.waiters_; }

void watch_change::await_resume() {
  finish();
  const auto present = state_.present();
  if (present == seen_) throw channel_closed("the watch was closed: there will be no other value");
  seen_ = present;
}

void throw_watch_closed() { throw usage_error("this watch was closed: it takes no more values"); }
void throw_empty_watch_receiver() { throw usage_error("this receiver of a watch is empty: it was moved from"); }

}  // namespace charkha::detail
