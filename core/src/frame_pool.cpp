// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/frame_pool.hpp"

#include "charkha/detail/this_thread.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHARKHA_POOL_BYPASSED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CHARKHA_POOL_BYPASSED 1
#endif
#endif

#ifdef CHARKHA_POOL_BYPASSED

namespace charkha::detail {

void* allocate_fresh_frame(std::size_t size) { return ::operator new(size); }
void deallocate_surplus_frame(void* frame) noexcept { ::operator delete(frame); }
void frame_cache::open() noexcept {}
void frame_cache::close() noexcept {}

}  // namespace charkha::detail

#else

#include <oneapi/tbb/scalable_allocator.h>

namespace charkha::detail {

void* allocate_fresh_frame(std::size_t size) {
  frame_cache& cache = current_frame_cache();
  if (!cache.opened && !cache.closed) cache.open();
  // A whole size class: it serves others of its class when it comes back.
  if (size <= frame_cache::largest) size = frame_cache::class_of(size) * frame_cache::granule;
  void* frame = scalable_malloc(size);
  if (frame == nullptr) throw std::bad_alloc();
  return frame;
}

void deallocate_surplus_frame(void* frame) noexcept { scalable_free(frame); }

void frame_cache::open() noexcept {
  opened = true;
  release_frame_cache_at_exit();
  for (std::size_t index = 1; index < lists.size(); ++index) {
    lists[index].room = static_cast<std::int32_t>(list_bytes / (index * granule));
  }
}

void frame_cache::close() noexcept {
  closed = true;
  opened = false;
  for (auto& list : lists) {
    while (list.head != nullptr) {
      auto* block = list.head;
      list.head = block->next;
      scalable_free(block);
    }
    list.room = 0;
  }
}

}  // namespace charkha::detail

#endif
