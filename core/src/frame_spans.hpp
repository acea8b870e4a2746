// SPDX-License-Identifier: Apache-2.0
// Cuts spans into blocks of one size class each, for all threads: what one thread frees serves every other one, and a
// span whose blocks all came back serves another class. The central free lists of TCMalloc.
//
// I1: a block is with whoever took it, or in its span: linked in `free`, or behind `uncut`.
// I2: a span stands in its class's row if and only if it has a block to give and `out` is not 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "charkha/detail/frame_cache.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "row.hpp"
#include "span_source.hpp"

namespace charkha::detail {

class frame_spans {
 public:
  using block = frame_cache::free_block;
  struct chain {
    block* first;
    std::int32_t length;
  };

  constexpr frame_spans() noexcept = default;

  /// Blocks of that class, 1 to `most` of them, or none: the system has no memory. From any thread.
  [[nodiscard]] chain take(std::size_t size_class, std::int32_t most) noexcept;
  /// Takes a list of them in. From any thread.
  void give(std::size_t size_class, block* first) noexcept;

  /// How many regions of memory it holds. From any thread.
  [[nodiscard]] std::size_t regions() noexcept { return source_.regions(); }

 private:
  // On a line of its own: threads that use different classes do not meet at a lock.
  struct alignas(64) size_class_row {
    spin_lock lock;
    row<span> spans CHARKHA_GUARDED_BY(lock);
  };

  span_source source_;
  std::array<size_class_row, frame_cache::classes> rows_;
};

}  // namespace charkha::detail
