// SPDX-License-Identifier: Apache-2.0
// Memory for what must not fail: a wake-up has nobody to tell that there was none.
//
// Small blocks come from the heap. When that has nothing left they come from a reserve that the program has from its
// start, and when that is used up the caller waits until somebody gives a block back.
#pragma once

#include <cstddef>
#include <memory>

namespace charkha::detail {

class reserve {
 public:
  static constexpr std::size_t block_size = 512;  // bytes
  static constexpr std::size_t blocks = 64;

  /// Any thread; as do the others. `size` is not larger than a block, or the heap is asked alone.
  [[nodiscard]] static void* allocate(std::size_t size);
  static void deallocate(void* memory) noexcept;
};

/// For containers; one object at a time.
template <class T>
class reserve_allocator {
 public:
  using value_type = T;

  reserve_allocator() noexcept = default;
  template <class U>
  reserve_allocator(const reserve_allocator<U>& /*other*/) noexcept {}  // NOLINT(google-explicit-constructor): as std's

  [[nodiscard]] T* allocate(std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    return static_cast<T*>(reserve::allocate(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t /*count*/) noexcept { reserve::deallocate(memory); }

  friend bool operator==(const reserve_allocator&, const reserve_allocator&) noexcept { return true; }
};

}  // namespace charkha::detail
