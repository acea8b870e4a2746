// SPDX-License-Identifier: Apache-2.0
// One thread's free lists of frames, by size class.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace charkha::detail {

struct frame_cache {
  static constexpr std::size_t granule = 16;    // bytes between two size classes
  static constexpr std::size_t largest = 2048;  // bytes; larger frames come from operator new
  static constexpr std::size_t classes = largest / granule + 1;
  static constexpr std::size_t list_bytes = std::size_t{32} * 1024;  // what one list keeps at most

  struct free_block {
    free_block* next;
  };
  // What has no room takes nothing in: before the thread asked for its first frame or said that it keeps them, after it has ended, and where the
  // pool is bypassed.
  struct free_list {
    free_block* head = nullptr;
    std::int32_t room = 0;
  };

  static constexpr std::size_t class_of(std::size_t size) noexcept { return (size + granule - 1) / granule; }
  /// How many blocks a full list has.
  static constexpr std::int32_t full_list(std::size_t size_class) noexcept {
    return static_cast<std::int32_t>(list_bytes / (size_class * granule));
  }

  /// From here on frames are kept.
  void open() noexcept;
  /// Gives everything back; from here on nothing is kept.
  void close() noexcept;

  std::array<free_list, classes> lists{};
  std::array<free_block*, classes> spares{};  // a full list each, or null: a thread goes to and fro without help
  bool opened = false;                        // close() will be called when the thread ends
  bool closed = false;
};

}  // namespace charkha::detail
