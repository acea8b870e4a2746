// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/frame_pool.hpp"

#include <new>

#include "charkha/detail/this_thread.hpp"
#include "frame_cache.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHARKHA_POOL_BYPASSED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CHARKHA_POOL_BYPASSED 1
#endif
#endif

#ifdef CHARKHA_POOL_BYPASSED

namespace charkha::detail {

void* allocate_frame(std::size_t size) { return ::operator new(size); }
void deallocate_frame(void* frame, std::size_t /*size*/) noexcept { ::operator delete(frame); }
void frame_cache::close() noexcept { closed = true; }

}  // namespace charkha::detail

#else

#include <oneapi/tbb/scalable_allocator.h>

namespace charkha::detail {

namespace {

[[gnu::noinline]] void* allocate_fresh(frame_cache& cache, std::size_t size) {
  if (!cache.registered && !cache.closed) {
    cache.registered = true;
    release_frame_cache_at_exit();
  }
  void* frame = scalable_malloc(size);
  if (frame == nullptr) throw std::bad_alloc();
  return frame;
}

}  // namespace

void* allocate_frame(std::size_t size) {
  frame_cache& cache = current_frame_cache();
  if (size > frame_cache::largest) return allocate_fresh(cache, size);
  const std::size_t index = frame_cache::class_of(size);
  auto& list = cache.lists[index];
  if (list.head == nullptr) return allocate_fresh(cache, index * frame_cache::granule);
  auto* block = list.head;
  list.head = block->next;
  --list.count;
  return block;
}

void deallocate_frame(void* frame, std::size_t size) noexcept {
  frame_cache& cache = current_frame_cache();
  const std::size_t index = frame_cache::class_of(size);
  if (size > frame_cache::largest || !cache.registered ||
      cache.lists[index].count * index * frame_cache::granule >= frame_cache::list_bytes) {
    scalable_free(frame);
    return;
  }
  auto& list = cache.lists[index];
  list.head = ::new (frame) frame_cache::free_block{list.head};
  ++list.count;
}

void frame_cache::close() noexcept {
  closed = true;
  registered = false;
  for (auto& list : lists) {
    while (list.head != nullptr) {
      auto* block = list.head;
      list.head = block->next;
      scalable_free(block);
    }
    list.count = 0;
  }
}

}  // namespace charkha::detail

#endif
