// SPDX-License-Identifier: Apache-2.0
// Work from foreign threads: oneTBB's concurrent queue, and a count that makes "is there any?" an answer that the
// parking protocol can rely on.
#pragma once

#include <oneapi/tbb/concurrent_queue.h>

#include <atomic>
#include <cstdint>

#include "charkha/detail/ready_item.hpp"
#include "reserve.hpp"

namespace charkha::detail {

/// First in, first out. All functions may be called from any thread.
class injection_queue {
 public:
  /// Does not fail: see reserve.hpp.
  void push(ready_item* item) noexcept {
    items_.push(item);
    // [push-park] sequentially consistent: counted before the pusher looks for parked workers.
    count_.fetch_add(1, std::memory_order_seq_cst);
  }

  /// The oldest item, or null.
  [[nodiscard]] ready_item* try_pop() noexcept {
    if (count_.load(std::memory_order_relaxed) <= 0) return nullptr;
    ready_item* item = nullptr;
    if (!items_.try_pop(item)) return nullptr;
    count_.fetch_sub(1, std::memory_order_relaxed);
    return item;
  }

  /// See deque::empty().
  [[nodiscard]] bool empty() const noexcept { return count_.load(std::memory_order_seq_cst) <= 0; }  // [push-park]

 private:
  tbb::concurrent_queue<ready_item*, reserve_allocator<ready_item*>> items_;
  // May be below the true number while an item is being pushed and popped at once, never above for long.
  alignas(64) std::atomic<std::int64_t> count_{0};
};

}  // namespace charkha::detail
