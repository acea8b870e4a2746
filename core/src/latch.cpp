// SPDX-License-Identifier: Apache-2.0
#include "charkha/latch.hpp"

#include <stdexcept>

#include "charkha/usage_error.hpp"

namespace charkha {

namespace detail {

wait_site& latch_wait::site() const noexcept { return owner_.site_; }
bool latch_wait::enter(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(owner_.site_.lock) {
  return owner_.count_ == 0;
}
wait_list& latch_wait::line() const noexcept CHARKHA_REQUIRES(owner_.site_.lock) { return owner_.waiters_; }

}  // namespace detail

latch::latch(std::ptrdiff_t count) : count_(count) {
  if (count < 0) throw std::invalid_argument("a latch counts from 0 or more");
}

void latch::count_down(std::ptrdiff_t happened) {
  if (!lower(happened)) throw usage_error("a latch was counted down by more than was left");
}

bool latch::lower(std::ptrdiff_t by) noexcept {
  detail::wake_list woken;
  const detail::spin_guard guard(site_.lock);
  if (by < 0 || by > count_) return false;
  count_ -= by;
  if (count_ == 0) waiters_.grant_all(woken);
  return true;
}

}  // namespace charkha
