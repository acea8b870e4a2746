// SPDX-License-Identifier: Apache-2.0
// Tasks by their number, for whoever describes what many tasks wait for: finding one in its runtime is a walk through
// all tasks, and a hundred thousand may wait for the same one.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/task_block.hpp"

namespace charkha::detail {

/// Of one runtime. Keeps the tasks until it goes, which must be with nothing locked and no task held.
class known_tasks {
 public:
  void add(task_block& task) { add(task.number, intrusive_ptr<task_block>(task)); }
  /// Null: that there is no such task any more is known, too.
  void add(std::uint64_t number, intrusive_ptr<task_block> task) { tasks_.insert_or_assign(number, std::move(task)); }

  /// Null if nothing is known about the number.
  [[nodiscard]] const intrusive_ptr<task_block>* find(std::uint64_t number) const noexcept {
    const auto found = tasks_.find(number);
    return found == tasks_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::uint64_t, intrusive_ptr<task_block>> tasks_;
};

}  // namespace charkha::detail
