// SPDX-License-Identifier: Apache-2.0
// Passes a cancel request on along the tasks that await each other: what asyncio does by recursion, in a loop, since
// chains may be long.
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/detail/task_core.hpp"

namespace charkha::detail {

/// Depth first. Hand over hand: a task is let go when all that it awaits have been asked, so that it and they cannot
/// miss each other. Tasks that await each other in a circle would wait for ever; where a task awaits one that the walk
/// has passed on its way to it, its wait ends, cancelled. That of a parent of when_all or when_any cannot end before its
/// children have, but a circle has other tasks than those: if the walk entered it at a child, it goes round once more.
class cancel_walk {
 public:
  /// `task` is held by the caller, for a request with this message.
  static void start(task_core& task, std::string_view message) noexcept;

 private:
  /// A task that is held or, if `task` is null, a future that is settled; with a reference that keeps it, unless it is
  /// a child of a scope, which is touched only as long as it is held.
  struct stop {
    explicit stop(task_core& at) noexcept : task(&at) {
      if (task_block* heap = at.heap_block()) block = intrusive_ptr<future_core>(*heap);
    }
    explicit stop(future_core& at) noexcept : block(at) {}
    task_core* task = nullptr;
    intrusive_ptr<future_core> block;
  };
  /// A task on the way from the first one to the present one, and what it awaits that took the request and was not
  /// visited.
  struct level {
    stop here;
    std::vector<stop> asked;
  };

  explicit cancel_walk(std::string_view message) noexcept : message_(message) {}
  void descend(task_core& task);
  [[nodiscard]] bool awaits_path(wait_operation& operation) const;
  void ask(await_target target, level& from, bool& reached);
  void keep_heap_tasks_on_path(const level& last) noexcept;

  std::string_view message_;
  std::vector<level> path_;
  std::unordered_set<const task_core*> on_path_;
  std::vector<intrusive_ptr<cancel_listener>> told_;  // their code runs after the walk, when no task is held
  std::size_t round_ = 0;  // the length that the path had when it closed a circle which it now goes round once more
};

}  // namespace charkha::detail
