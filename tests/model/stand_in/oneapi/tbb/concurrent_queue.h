// SPDX-License-Identifier: Apache-2.0
// oneTBB's queue, as far as the injection queue uses it, behind a lock: its own code is not what is checked, and would
// spin where the model cannot see it.
#pragma once

#include <deque>
#include <memory>

#include "charkha/detail/spin_lock.hpp"

namespace tbb {

template <class T, class /*Allocator*/ = std::allocator<T>>
class concurrent_queue {
 public:
  void push(const T& item) {
    const charkha::detail::spin_guard guard(lock_);
    items_.push_back(item);
  }
  bool try_pop(T& item) {
    const charkha::detail::spin_guard guard(lock_);
    if (items_.empty()) return false;
    item = items_.front();
    items_.pop_front();
    return true;
  }

 private:
  charkha::detail::spin_lock lock_;
  std::deque<T> items_;
};

}  // namespace tbb
