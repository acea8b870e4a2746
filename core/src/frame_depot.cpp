// SPDX-License-Identifier: Apache-2.0
#include "frame_depot.hpp"

#include <new>
#include <utility>

namespace charkha::detail {

// Who finds nothing to do leaves without the lock.

frame_cache::free_block* frame_depot::take(std::size_t size_class) noexcept {
  shelf& from = shelves_[size_class];
  if (from.count.load(std::memory_order_relaxed) == 0) return nullptr;
  const spin_guard guard(from.lock);
  const std::size_t count = from.count.load(std::memory_order_relaxed);
  if (count == 0) return nullptr;
  from.count.store(count - 1, std::memory_order_relaxed);
  return std::exchange(from.top, from.top->below);
}

bool frame_depot::give(std::size_t size_class, frame_cache::free_block* full) noexcept {
  shelf& to = shelves_[size_class];
  if (to.count.load(std::memory_order_relaxed) == most_lists) return false;
  const spin_guard guard(to.lock);
  const std::size_t count = to.count.load(std::memory_order_relaxed);
  if (count == most_lists) return false;
  to.count.store(count + 1, std::memory_order_relaxed);
  to.top = ::new (static_cast<void*>(full)) stacked{{full->next}, to.top};
  return true;
}

}  // namespace charkha::detail
