// SPDX-License-Identifier: Apache-2.0
// task_hooks: an embedder that wants to know of every task.
#pragma once

#include "charkha/any_task.hpp"

namespace charkha {

/// Told when a task of a runtime is created and when it has ended: for metrics, tracing, limits. Set with
/// runtime_options::hooks. What asyncio's task factory is used for.
///
/// Children of when_all and when_any are not announced. Called with nothing locked, by several threads at a time.
class task_hooks {
 public:
  task_hooks(const task_hooks&) = delete;
  task_hooks& operator=(const task_hooks&) = delete;

  /// A task was created, on the thread that creates it, before its first turn. If it throws, the task never runs, ends
  /// cancelled, and whoever creates it gets the error.
  virtual void on_spawn(const any_task& /*task*/) {}
  /// A task has ended and those who wait for it have been told. Not called for tasks that a shutdown destroys.
  virtual void on_end(const any_task& /*task*/) noexcept {}

 protected:
  task_hooks() noexcept = default;
  ~task_hooks() = default;
};

}  // namespace charkha
