// SPDX-License-Identifier: Apache-2.0
// Memory for coroutine frames and control blocks: a free list per thread and size class over oneTBB's scalable
// allocator. A block may be freed on any thread; it joins that thread's list until the list is full, then goes back to
// the allocator, which returns it to the thread it came from. Sanitizer builds use plain new and delete.
#pragma once

#include <cstddef>

namespace charkha::detail {

/// At least `size` bytes, aligned for any fundamental type. Throws std::bad_alloc.
[[nodiscard]] void* allocate_frame(std::size_t size);
/// `size` as it was asked for.
void deallocate_frame(void* frame, std::size_t size) noexcept;

}  // namespace charkha::detail
