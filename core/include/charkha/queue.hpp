// SPDX-License-Identifier: Apache-2.0
// queue: hands items from producers to consumers, first in, first out.
#pragma once

#include <cstddef>

#include "charkha/detail/basic_queue.hpp"
#include "charkha/queue_shutdown.hpp"

namespace charkha {

/// Items in the order in which they were put. As `asyncio.Queue`; put, get, try_put, try_get, task_done, join, shutdown,
/// qsize, empty, full and maxsize are described at detail::basic_queue.
///
/// Any number of producers and consumers: each item goes to exactly one consumer, and a consumer sees the items of one
/// producer in the order in which that one put them. A T may be move-only; one whose move constructor throws in get() is
/// lost. Belongs to the first runtime whose task has to wait for it; a wait from another one throws usage_error. All but
/// the waiting functions may be called from any thread. Must outlive those who wait.
template <class T>
class queue : public detail::basic_queue<T, detail::fifo_items<T>> {
 public:
  /// put() waits while there are `maxsize` items; 0 means that it never has to.
  explicit queue(std::size_t maxsize = 0) noexcept : detail::basic_queue<T, detail::fifo_items<T>>(maxsize) {}
};

}  // namespace charkha
