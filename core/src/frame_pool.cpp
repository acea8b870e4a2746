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

#include <cassert>
#include <utility>

#include "frame_spans.hpp"

namespace charkha::detail {

namespace {

// Threads may end, and give their lists back, after static objects are gone.
union immortal_spans {
  constexpr immortal_spans() noexcept : value() {}
  ~immortal_spans() {}
  frame_spans value;
};
constinit immortal_spans spans;

constexpr std::size_t batch = 4096;  // bytes: what a thread takes at a time that has nothing left

void open_once(frame_cache& cache) noexcept {
  if (!cache.opened && !cache.closed) [[unlikely]]
    cache.open();
}

}  // namespace

void* allocate_fresh_frame(std::size_t size) {
  assert(size > 0);
  if (size > frame_cache::largest) return ::operator new(size);
  frame_cache& cache = current_frame_cache();
  open_once(cache);
  const std::size_t size_class = frame_cache::class_of(size);
  auto& list = cache.lists[size_class];
  if (auto* full = std::exchange(cache.spares[size_class], nullptr)) {
    list = {full->next, 1};
    return full;
  }
  const auto most = cache.opened ? static_cast<std::int32_t>(batch / (size_class * frame_cache::granule)) : 1;
  const auto taken = spans.value.take(size_class, most);
  if (taken.first == nullptr) throw std::bad_alloc();
  if (cache.opened) list = {taken.first->next, list.room - taken.length + 1};
  return taken.first;
}

void deallocate_surplus_frame(void* frame, std::size_t size) noexcept {
  assert(size > 0);
  if (size > frame_cache::largest) {
    ::operator delete(frame);
    return;
  }
  frame_cache& cache = current_frame_cache();
  const std::size_t size_class = frame_cache::class_of(size);
  auto* const block = ::new (frame) frame_cache::free_block{nullptr};
  if (!cache.opened) {
    spans.value.give(size_class, block);
    return;
  }
  auto& list = cache.lists[size_class];
  if (auto* full = std::exchange(cache.spares[size_class], list.head)) spans.value.give(size_class, full);
  list = {block, frame_cache::full_list(size_class) - 1};
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
  for (std::size_t index = 1; index < classes; ++index) {
    lists[index].room = 0;
    for (auto** list : {&lists[index].head, &spares[index]}) {
      if (auto* first = std::exchange(*list, nullptr)) spans.value.give(index, first);
    }
  }
}

}  // namespace charkha::detail

#endif
