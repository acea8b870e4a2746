// SPDX-License-Identifier: Apache-2.0
#include "frame_depot.hpp"

#include <new>

namespace charkha::detail {

frame_cache::free_block* frame_depot::take(std::size_t size_class) noexcept {
  shelf& from = shelves_[size_class];
  const spin_guard guard(from.lock);
  stacked* const list = from.top;
  if (list == nullptr) return nullptr;
  from.top = list->below;
  --from.count;
  return list;
}

bool frame_depot::give(std::size_t size_class, frame_cache::free_block* full) noexcept {
  shelf& to = shelves_[size_class];
  const spin_guard guard(to.lock);
  if (to.count == most_lists) return false;
  ++to.count;
  to.top = ::new (static_cast<void*>(full)) stacked{{full->next}, to.top};
  return true;
}

}  // namespace charkha::detail
