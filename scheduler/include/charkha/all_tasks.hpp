// SPDX-License-Identifier: Apache-2.0
// all_tasks: what a runtime still has to do.
#pragma once

#include <vector>

#include "charkha/any_task.hpp"

namespace charkha {

/// All tasks of the running runtime that are not done, the caller's included, in no particular order: those that were
/// there at one instant during the call, while others come and go. Children of when_all and when_any are part of their
/// parents and not listed. As `asyncio.all_tasks`.
///
/// Costs as much as there are tasks. Throws usage_error on a thread that is no worker (there is runtime::all_tasks),
/// std::bad_alloc.
[[nodiscard]] std::vector<any_task> all_tasks();

}  // namespace charkha
