// SPDX-License-Identifier: Apache-2.0
// ensure_task: the handle of anything that can be awaited.
#pragma once

#include <source_location>
#include <utility>

#include "charkha/detail/awaitable.hpp"

namespace charkha {

/// A task or future is given back as it is; a coro, or anything else that can be awaited (sleep, gather, a queue's get),
/// becomes a new task of the running runtime. As `asyncio.ensure_future`.
///
/// Throws usage_error on a thread that is no worker, and what create_task throws.
template <detail::awaitable Awaitable>
[[nodiscard]] auto ensure_task(Awaitable&& awaitable,
                               const std::source_location& site = std::source_location::current()) {
  return detail::to_handle(std::forward<Awaitable>(awaitable), site);
}

}  // namespace charkha
