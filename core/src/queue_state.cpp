// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/queue_state.hpp"

#include <algorithm>

#include "charkha/queue_shutdown.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

void queue_state::promise_on(wake_list& woken) noexcept {
  while (has_item() && getters.grant_oldest(woken, promise)) ++items_promised;
  while (has_room() && putters.grant_oldest(woken, promise)) ++slots_promised;
  if (is_shut && size == 0) getters.grant_all(woken);
}

bool queue_state::finish_one() noexcept {
  wake_list woken;
  const spin_guard guard(site.lock);
  if (unfinished == 0) return false;
  if (--unfinished == 0) joiners.grant_all(woken);
  return true;
}

void queue_state::shut(bool immediate, wake_list& woken) noexcept {
  is_shut = true;
  if (immediate) {
    unfinished -= std::min(unfinished, size);  // task_done() may have been called before the items were taken out
    size = 0;
    if (unfinished == 0) joiners.grant_all(woken);
  }
  if (size == 0) getters.grant_all(woken);
  putters.grant_all(woken);
}

void throw_queue_shutdown() { throw queue_shutdown("the queue is shut down"); }

void throw_too_many_task_done() {
  throw usage_error("task_done() was called more often than there were items in the queue");
}

}  // namespace charkha::detail
