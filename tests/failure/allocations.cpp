// SPDX-License-Identifier: Apache-2.0
#include "failure/allocations.hpp"

#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>
#include <utility>

#include "frame_spans.hpp"

namespace charkha::test {

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
thread_local std::int64_t until_failure = never;
thread_local std::int64_t failures = 0;
thread_local std::int64_t alive = 0;
thread_local bool any_failed = false;

// Does the allocation that comes now fail?
bool fails() noexcept {
  if (until_failure == never) return false;
  if (until_failure > 0) {
    --until_failure;
    return false;
  }
  if (failures-- <= 0) {
    until_failure = never;
    return false;
  }
  any_failed = true;
  return true;
}

void* allocate(std::size_t size, std::size_t alignment) {
  if (fails()) throw std::bad_alloc();
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = alignment <= alignof(std::max_align_t) ? std::malloc(size == 0 ? 1 : size)
                                                        : std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  ++alive;
  return memory;
}

void* allocate_or_null(std::size_t size, std::size_t alignment) noexcept {
  try {
    return allocate(size, alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void deallocate(void* memory) noexcept {
  if (memory == nullptr) return;
  --alive;
  std::free(memory);
}

}  // namespace

void allocations::fail(std::int64_t first, std::int64_t more) noexcept {
  until_failure = first < 0 ? never : first;
  failures = more + 1;
  any_failed = false;
}
bool allocations::failed() noexcept { return any_failed; }
std::int64_t allocations::live() noexcept { return alive; }

}  // namespace charkha::test

using charkha::test::allocate;
using charkha::test::allocate_or_null;
using charkha::test::deallocate;

// All forms there are: a sanitizer's would come along with any that is missing.
void* operator new(std::size_t size) { return allocate(size, 1); }
void* operator new[](std::size_t size) { return allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t at) { return allocate(size, static_cast<std::size_t>(at)); }
void* operator new[](std::size_t size, std::align_val_t at) { return allocate(size, static_cast<std::size_t>(at)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate_or_null(size, 1); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate_or_null(size, 1); }
void* operator new(std::size_t size, std::align_val_t at, const std::nothrow_t&) noexcept {
  return allocate_or_null(size, static_cast<std::size_t>(at));
}
void* operator new[](std::size_t size, std::align_val_t at, const std::nothrow_t&) noexcept {
  return allocate_or_null(size, static_cast<std::size_t>(at));
}
void operator delete(void* memory) noexcept { deallocate(memory); }
void operator delete[](void* memory) noexcept { deallocate(memory); }
void operator delete(void* memory, std::size_t) noexcept { deallocate(memory); }
void operator delete[](void* memory, std::size_t) noexcept { deallocate(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { deallocate(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { deallocate(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { deallocate(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { deallocate(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { deallocate(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { deallocate(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept { deallocate(memory); }
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept { deallocate(memory); }

// What frames come from, one by one: in place of core/src/frame_spans.cpp, which is then not linked.
namespace charkha::detail {

frame_spans::chain frame_spans::take(std::size_t size_class, std::int32_t /*most*/) noexcept {
  void* memory = charkha::test::fails() ? nullptr : std::malloc(size_class * frame_cache::granule);
  if (memory == nullptr) return {nullptr, 0};
  return {::new (memory) block{nullptr}, 1};
}

void frame_spans::give(std::size_t /*size_class*/, block* first) noexcept {
  while (first != nullptr) std::free(std::exchange(first, first->next));
}

}  // namespace charkha::detail
