// SPDX-License-Identifier: Apache-2.0
// task_options: what can be said of a task when it is created.
#pragma once

#include <string_view>

namespace charkha {

/// For designated initialisers: `create_task(work(), {.name = "work"})`.
struct task_options {
  /// Shown in reports; `Task-N` if empty. Copied.
  std::string_view name = {};
};

}  // namespace charkha
