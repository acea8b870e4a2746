// SPDX-License-Identifier: Apache-2.0
// Maps memory from the system in regions, and gives it out in spans of 64 KiB. A region all of whose spans came back
// goes back to the system, but for a few.
//
// I1: a span is with whoever took it, or in here: bit i of `region::here` says that span i is here.
// I2: a region stands in the row if and only if one of its spans is here.
// I3: `empty_` is how many regions in the row have all of them here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "charkha/detail/frame_cache.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "row.hpp"

namespace charkha::detail {

/// What whoever has a span notes about it. It lies at the region's begin, apart from the memory that it stands for.
struct span {
  static constexpr std::size_t size = std::size_t{64} * 1024;  // bytes

  frame_cache::free_block* free = nullptr;  // blocks that came back
  std::byte* uncut = nullptr;               // from here on it has never been handed out
  std::uint32_t out = 0;                    // blocks that are not here
  span* next = nullptr;
  span* previous = nullptr;
};

class span_source {
 public:
  constexpr span_source() noexcept = default;
  /// Unmaps the regions that are empty.
  ~span_source();
  span_source(const span_source&) = delete;
  span_source& operator=(const span_source&) = delete;

  /// A span that nothing is taken from, or null: the system has no memory. From any thread.
  [[nodiscard]] span* take() noexcept;
  /// From any thread.
  void give(span& unused) noexcept;

  /// The span whose memory this is.
  [[nodiscard]] static span& of(void* memory) noexcept;
  /// Where that span's memory ends.
  [[nodiscard]] static std::byte* end(span& taken) noexcept;

  /// How many regions are mapped. From any thread.
  [[nodiscard]] std::size_t regions() noexcept;

 private:
  static constexpr std::size_t region_size =
      std::size_t{2} * 1024 * 1024;             // bytes: a huge page, where the system gives them unasked
  static constexpr std::size_t most_empty = 2;  // regions that are kept

  struct alignas(64) region {  // its memory starts with it
    std::array<span, region_size / span::size> notes{};
    std::uint32_t here = ~std::uint32_t{0};
    region* next = nullptr;
    region* previous = nullptr;
  };

  [[nodiscard]] static region& region_of(const void* memory) noexcept;
  [[nodiscard]] static region* map() noexcept;
  /// False: it stays as it is.
  [[nodiscard]] static bool unmap(region& unused) noexcept;

  spin_lock lock_;
  row<region> row_ CHARKHA_GUARDED_BY(lock_);
  std::size_t empty_ CHARKHA_GUARDED_BY(lock_) = 0;
  std::size_t mapped_ CHARKHA_GUARDED_BY(lock_) = 0;
};

}  // namespace charkha::detail
