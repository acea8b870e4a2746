// SPDX-License-Identifier: Apache-2.0
// Memory for coroutine frames and control blocks: a free list per thread and size class, and a spare one, over spans that
// all threads share. A block may be freed on any thread, and joins its list.
// Sanitizer builds of the library use plain new and delete: their lists have no room.
#pragma once

#include <cstddef>
#include <new>

#include "charkha/detail/frame_cache.hpp"
#include "charkha/detail/this_thread.hpp"

namespace charkha::detail {

/// allocate_frame() and deallocate_frame() where the list is of no use.
[[nodiscard]] void* allocate_fresh_frame(std::size_t size);
void deallocate_surplus_frame(void* frame, std::size_t size) noexcept;
/// For a thread that will free frames, perhaps without ever taking one: from here on it keeps them.
void keep_frames() noexcept;

/// At least `size` bytes, 1 or more, aligned for any fundamental type. Throws std::bad_alloc.
[[nodiscard]] inline void* allocate_frame(std::size_t size) {
  if (size <= frame_cache::largest) {
    auto& list = current_frame_cache().lists[frame_cache::class_of(size)];
    if (auto* block = list.head) {
      list.head = block->next;
      ++list.room;
      return block;
    }
  }
  return allocate_fresh_frame(size);
}

/// `size` as it was asked for.
inline void deallocate_frame(void* frame, std::size_t size) noexcept {
  if (size <= frame_cache::largest) {
    auto& list = current_frame_cache().lists[frame_cache::class_of(size)];
    if (list.room > 0) {
      list.head = ::new (frame) frame_cache::free_block{list.head};
      --list.room;
      return;
    }
  }
  deallocate_surplus_frame(frame, size);
}

}  // namespace charkha::detail
