// SPDX-License-Identifier: Apache-2.0
// lifo_queue: a queue that gives the newest item first.
#pragma once

#include <cstddef>

#include "charkha/detail/basic_queue.hpp"
#include "charkha/queue_shutdown.hpp"

namespace charkha {

/// The item that was put last comes first. As `asyncio.LifoQueue`; a queue in all else.
template <class T>
class lifo_queue : public detail::basic_queue<T, detail::lifo_items<T>> {
 public:
  /// As queue's.
  explicit lifo_queue(std::size_t maxsize = 0) noexcept : detail::basic_queue<T, detail::lifo_items<T>>(maxsize) {}
};

}  // namespace charkha
