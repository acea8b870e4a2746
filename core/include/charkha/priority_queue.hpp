// SPDX-License-Identifier: Apache-2.0
// priority_queue: a queue that gives the least item first.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "charkha/detail/basic_queue.hpp"
#include "charkha/queue_shutdown.hpp"

namespace charkha {

/// The least item, as Compare orders them, comes first; of equal ones the one that was put first. As
/// `asyncio.PriorityQueue`; a queue in all else. (`std::priority_queue` gives the greatest first.)
///
/// `Compare` is called under the queue's lock, at most twice the logarithm of the size at a time: it must be short, must
/// not throw (that ends the program) and must not use the queue.
template <class T, class Compare = std::less<T>>
class priority_queue : public detail::basic_queue<T, detail::heap_items<T, Compare>> {
 public:
  /// `maxsize` as queue's.
  explicit priority_queue(std::size_t maxsize = 0, Compare compare = Compare())
      : detail::basic_queue<T, detail::heap_items<T, Compare>>(maxsize, std::move(compare)) {}
};

}  // namespace charkha
