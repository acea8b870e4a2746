// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/future_core.hpp"

#include "charkha/detail/executor.hpp"

namespace charkha::detail {

bool future_core::try_add_reference() noexcept {
  auto count = references_.load(std::memory_order_relaxed);
  do {
    if (count == 0) return false;
  } while (!references_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed, std::memory_order_relaxed));
  return true;
}

void future_core::drop_reference() noexcept {
  // [last-reference] release: this holder's use, for the one who comes last. Acquire: the others' use is over before
  // the memory is freed.
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) last_reference_gone();
}

void future_core::complete_waiters() noexcept {
  waiters.close();
  ready_item* item = nullptr;
  while (waiters.take(item)) {
    if (item != nullptr) home().make_ready(*item, ready_kind::woken);
  }
}

void future_core::discard_waiters() noexcept {
  waiters.close();
  // Threads that block on it go on; tasks that await it will never run and are abandoned in their turn.
  ready_item* item = nullptr;
  while (waiters.take(item)) {
    if (item != nullptr) item->discard();
  }
}

void future_core::drop_waiters() noexcept {
  while (waiter* left = waiters.take_unfinished()) left->dropped();
}

}  // namespace charkha::detail
