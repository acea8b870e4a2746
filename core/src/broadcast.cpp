// SPDX-License-Identifier: Apache-2.0
#include "charkha/broadcast.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "charkha/broadcast_lagged.hpp"
#include "charkha/channel_closed.hpp"
#include "charkha/usage_error.hpp"

namespace charkha {

broadcast_lagged::broadcast_lagged(std::uint64_t missed)
    : std::runtime_error("this receiver of a broadcast was too slow: it missed " + std::to_string(missed) +
                         " messages, which were overwritten"),
      missed_(missed) {}

namespace detail {

broadcast_state::broadcast_state(std::size_t capacity) : ring_(capacity) {
  if (capacity == 0) throw std::invalid_argument("a broadcast keeps 1 message or more");
}

std::optional<std::size_t> broadcast_state::send(message next) noexcept {
  wake_list woken;
  const spin_guard guard(site.lock);
  if (closed_) return std::nullopt;
  if (receivers_ == 0) return 0;
  slot& place = ring_[sent_++ % ring_.size()];
  place.held.swap(next);  // what is overwritten is freed after unlocking
  place.due = receivers_;
  waiters_.grant_all(woken);
  return receivers_;
}

void broadcast_state::close() noexcept {
  wake_list woken;
  const spin_guard guard(site.lock);
  closed_ = true;
  waiters_.grant_all(woken);
}

broadcast_state::number broadcast_state::add_receiver() noexcept {
  const spin_guard guard(site.lock);
  ++receivers_;
  return sent_;
}

// What it has not had is let go a few messages at a time: the lock is not for long loops.
void broadcast_state::drop_receiver(number next) noexcept {
  constexpr number few = 8;
  number end = 0;
  {
    const spin_guard guard(site.lock);
    --receivers_;
    end = sent_;
  }
  while (next < end) {
    std::array<message, few> dropped;
    const spin_guard guard(site.lock);
    next = std::max(next, oldest());
    for (message& each : dropped) {
      if (next < end) each = hand_out(next++);
    }
  }
}

std::size_t broadcast_state::receivers() const noexcept {
  const spin_guard guard(site.lock);
  return receivers_;
}

std::size_t broadcast_state::available(number next) const noexcept {
  const spin_guard guard(site.lock);
  return static_cast<std::size_t>(sent_ - std::max(next, oldest()));
}

broadcast_state::message broadcast_state::hand_out(number which) noexcept {
  slot& place = ring_[which % ring_.size()];
  return --place.due == 0 ? std::exchange(place.held, nullptr) : place.held;
}

broadcast_state::message broadcast_state::take(number& next) {
  number missed = 0;
  {
    const spin_guard guard(site.lock);
    const number left = oldest();
    if (next < left) {
      missed = left - std::exchange(next, left);
    } else if (next < sent_) {
      return hand_out(next++);
    } else if (!closed_) {
      return nullptr;
    }
  }
  if (missed > 0) throw broadcast_lagged(missed);
  throw channel_closed("the broadcast was closed and all messages were received");
}

bool broadcast_arrival::enter(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(state_.site.lock) {
  return next_ < state_.sent_ || state_.closed_;
}
wait_list& broadcast_arrival::line() const noexcept CHARKHA_REQUIRES(state_.site.lock) { return state_.waiters_; }

broadcast_state::message broadcast_arrival::arrive_here() {
  finish();
  auto next = state_.take(next_);
  if (!next) throw usage_error("two tasks wait on one receiver of a broadcast, and the other one had the message");
  return next;
}

void throw_broadcast_closed() { throw usage_error("this broadcast was closed: it takes no more messages"); }
void throw_empty_broadcast_receiver() { throw usage_error("this receiver of a broadcast is empty: it was moved from"); }

}  // namespace detail
}  // namespace charkha
