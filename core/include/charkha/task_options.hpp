// SPDX-License-Identifier: Apache-2.0
// task_options: what can be said of a task when it is created.
#pragma once

#include <string_view>

namespace charkha {

class context;
class strand;

/// For designated initialisers: `create_task(work(), {.name = "work"})`.
struct task_options {
  /// Shown in reports; `Task-N` if empty. Copied.
  std::string_view name = {};
  /// The context that the task lives in, shared with whoever else has it; its creator's is not copied then. Null: a copy
  /// of the creator's, made now. Must stay alive during the call only.
  const charkha::context* context = nullptr;
  /// The strand that the task's turns are taken on. Null: none. Must stay alive during the call only.
  const charkha::strand* on = nullptr;
  /// Runs the body on the caller's stack up to its first suspension, before the call returns: work that completes
  /// without suspending is never scheduled. On a worker of the runtime only; not for a task on a strand that is not the
  /// caller's. As asyncio's `eager_start`.
  bool eager_start = false;
};

}  // namespace charkha
