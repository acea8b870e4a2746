// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/future_core.hpp"

#include "charkha/detail/executor.hpp"
#include "charkha/detail/task_core.hpp"

namespace charkha::detail {

bool future_core::try_add_reference() noexcept {
  auto count = references_.load(std::memory_order_relaxed);
  do {
    if (count == 0) return false;
  } while (!references_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed, std::memory_order_relaxed));
  return true;
}

bool future_core::can_be_awaited_by(const task_core& task) const noexcept {
  return &task.runtime == &home() && !stands_for(task);
}

void future_core::complete_waiters() noexcept {
  ready_item* item = nullptr;
  for (bool told = waiters.close(item); told; told = waiters.take(item)) {
    if (item != nullptr) home().make_ready(*item, ready_kind::woken);
  }
}

void future_core::complete_waiters(worker_context& worker) noexcept {
  ready_item* item = nullptr;
  for (bool told = waiters.close(item); told; told = waiters.take(item)) {
    if (item != nullptr) worker.enqueue(*item, ready_kind::woken);
  }
}

void future_core::discard_waiters() noexcept {
  // Threads that block on it go on; tasks that await it will never run and are abandoned in their turn.
  ready_item* item = nullptr;
  for (bool told = waiters.close(item); told; told = waiters.take(item)) {
    if (item != nullptr) item->discard();
  }
}

void future_core::drop_waiters() noexcept {
  while (waiter* left = waiters.take_unfinished()) left->dropped();
}

}  // namespace charkha::detail
