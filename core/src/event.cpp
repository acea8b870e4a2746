// SPDX-License-Identifier: Apache-2.0
#include "charkha/event.hpp"

namespace charkha {

void event::set() noexcept {
  detail::wake_list woken;
  const detail::spin_guard guard(site_.lock);
  if (set_.load(std::memory_order_relaxed)) return;
  // [event-set] release: what was written before, for those who find it set.
  set_.store(true, std::memory_order_release);
  waiters_.grant_all(woken);
}

// Under the lock, so that of a clear() followed by a look at some condition, and a change of that condition followed by
// a set(), one sees the other: else the set() could take a flag for set that is just going.
void event::clear() noexcept {
  const detail::spin_guard guard(site_.lock);
  set_.store(false, std::memory_order_relaxed);
}

}  // namespace charkha
