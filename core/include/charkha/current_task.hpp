// SPDX-License-Identifier: Apache-2.0
// current_task: the task that is asking.
#pragma once

#include "charkha/any_task.hpp"

namespace charkha {

/// The handle of the task that calls it. Empty in a callback and on a thread that runs no task. As
/// `asyncio.current_task`.
///
/// In a child of when_all or when_any it is that child. Throws std::bad_alloc there; elsewhere nothing.
[[nodiscard]] any_task current_task();

}  // namespace charkha
