// SPDX-License-Identifier: Apache-2.0
#include "charkha/semaphore.hpp"

#include <limits>
#include <stdexcept>

#include "charkha/usage_error.hpp"

namespace charkha {

namespace detail {

wait_site& semaphore_wait::site() const noexcept { return owner_.site_; }
bool semaphore_wait::enter(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  return owner_.take();
}
wait_list& semaphore_wait::line() const noexcept CHARKHA_REQUIRES(owner_.site_.lock) { return owner_.waiters_; }

// Those who came while a permit was on its way had to queue, whatever was there: now they get it.
void semaphore_wait::arrive(wake_list& woken) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  --owner_.arriving_;
  owner_.hand_out(owner_.value_, woken);
}

void semaphore_wait::leave(bool granted, wake_list& woken) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  if (granted) {
    --owner_.arriving_;
    ++owner_.value_;
  }
  owner_.hand_out(owner_.value_, woken);
}

guard<semaphore> semaphore_hold::await_resume() {
  finish();
  return guard<semaphore>(owner());
}

}  // namespace detail

semaphore::semaphore(std::ptrdiff_t permits) : semaphore(permits, std::numeric_limits<std::ptrdiff_t>::max()) {}

semaphore::semaphore(std::ptrdiff_t permits, std::ptrdiff_t limit) : value_(permits), limit_(limit) {
  if (permits < 0) throw std::invalid_argument("a semaphore needs 0 permits or more");
}

void semaphore::hand_out(std::ptrdiff_t limit, detail::wake_list& woken) noexcept {
  for (; limit > 0 && value_ > 0; --limit) {
    if (!waiters_.grant_oldest(woken)) return;
    --value_;
    ++arriving_;
  }
}

void semaphore::refuse(std::ptrdiff_t permits) const {
  if (permits < 0) throw std::invalid_argument("a semaphore takes 0 permits or more back");
  throw usage_error(
      "more permits were released than this semaphore can hold: somebody released twice, or did not acquire");
}

}  // namespace charkha
