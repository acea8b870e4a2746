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
void deallocate_surplus_frame(void* frame, std::size_t /*size*/) noexcept { ::operator delete(frame); }
void keep_frames() noexcept {}
void frame_cache::open() noexcept {}
void frame_cache::close() noexcept {}

}  // namespace charkha::detail

#else

#include <oneapi/tbb/scalable_allocator.h>

#include <utility>

#include "frame_depot.hpp"

namespace charkha::detail {

namespace {

constinit frame_depot depot;

void open_once(frame_cache& cache) noexcept {
  if (!cache.opened && !cache.closed) [[unlikely]]
    cache.open();
}

void free_all(frame_cache::free_block*& list) noexcept {
  while (list != nullptr) scalable_free(std::exchange(list, list->next));
}

}  // namespace

void* allocate_fresh_frame(std::size_t size) {
  frame_cache& cache = current_frame_cache();
  open_once(cache);
  if (size <= frame_cache::largest) {
    const std::size_t size_class = frame_cache::class_of(size);
    if (cache.opened) {
      auto* full = std::exchange(cache.spares[size_class], nullptr);
      if (full == nullptr) full = depot.take(size_class);
      if (full != nullptr) {
        cache.lists[size_class] = {full->next, 1};
        return full;
      }
    }
    size = size_class * frame_cache::granule;  // it serves others of its class when it comes back
  }
  void* frame = scalable_malloc(size);
  if (frame == nullptr) throw std::bad_alloc();
  return frame;
}

void deallocate_surplus_frame(void* frame, std::size_t size) noexcept {
  frame_cache& cache = current_frame_cache();
  if (size != 0 && size <= frame_cache::largest && cache.opened) {
    const std::size_t size_class = frame_cache::class_of(size);
    auto& list = cache.lists[size_class];
    auto*& spare = cache.spares[size_class];
    if (spare == nullptr || depot.give(size_class, spare)) {
      spare = list.head;
      list = {::new (frame) frame_cache::free_block{nullptr}, frame_cache::full_list(size_class) - 1};
      return;
    }
  }
  scalable_free(frame);
}

void keep_frames() noexcept { open_once(current_frame_cache()); }

void frame_cache::open() noexcept {
  opened = true;
  release_frame_cache_at_exit();
  for (std::size_t index = 1; index < classes; ++index) lists[index].room = full_list(index);
}

void frame_cache::close() noexcept {
  closed = true;
  opened = false;
  for (auto& list : lists) {
    free_all(list.head);
    list.room = 0;
  }
  for (auto*& spare : spares) free_all(spare);
}

}  // namespace charkha::detail

#endif
