// SPDX-License-Identifier: Apache-2.0
// Passes full lists of free frames from threads that free more than they take to those that take more: where one thread
// creates the tasks that another one runs. The depot of Bonwick and Adams ("Magazines and Vmem", USENIX 2001).
//
// I1: a list in here is full: frame_cache::full_list() blocks of its class, which nobody else refers to.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "charkha/detail/frame_cache.hpp"
#include "charkha/detail/spin_lock.hpp"

namespace charkha::detail {

class frame_depot {
 public:
  static constexpr std::size_t most_lists = 8;  // of each class

  /// A full list of blocks of that class, or null. From any thread.
  [[nodiscard]] frame_cache::free_block* take(std::size_t size_class) noexcept;
  /// Takes a full list in. False: there are as many as it keeps. From any thread.
  [[nodiscard]] bool give(std::size_t size_class, frame_cache::free_block* full) noexcept;

 private:
  // A list's first block.
  struct stacked : frame_cache::free_block {
    stacked* below;
  };
  static_assert(sizeof(stacked) <= frame_cache::granule);
  struct shelf {
    spin_lock lock;
    // Written under the lock.
    std::atomic<std::size_t> count{0};
    stacked* top CHARKHA_GUARDED_BY(lock) = nullptr;
  };

  std::array<shelf, frame_cache::classes> shelves_;
};

}  // namespace charkha::detail
