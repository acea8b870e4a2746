// SPDX-License-Identifier: Apache-2.0
#include "frame_depot.hpp"

#include <new>

namespace charkha::detail {

frame_cache::free_block* frame_depot::take(std::size_t size_class) noexcept {
  shelf& from = shelves_[size_class];
  if (from.top.load(std::memory_order_relaxed) == nullptr) return nullptr;
  const spin_guard guard(from.lock);
  stacked* const list = from.top.load(std::memory_order_relaxed);
  if (list == nullptr) return nullptr;
  from.top.store(list->below, std::memory_order_relaxed);
  --from.count;
  return list;
}

bool frame_depot::give(std::size_t size_class, frame_cache::free_block* full) noexcept {
  shelf& to = shelves_[size_class];
  const spin_guard guard(to.lock);
  if (to.count == most_lists) return false;
  ++to.count;
  to.top.store(::new (static_cast<void*>(full)) stacked{{full->next}, to.top.load(std::memory_order_relaxed)},
               std::memory_order_relaxed);
  return true;
}

}  // namespace charkha::detail
