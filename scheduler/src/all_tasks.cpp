// SPDX-License-Identifier: Apache-2.0
#include "charkha/all_tasks.hpp"

#include "charkha/runtime.hpp"
#include "runtime_state.hpp"
#include "thread_driver.hpp"

namespace charkha {

namespace {

std::vector<any_task> pending_tasks(const detail::task_registry& registry) {
  std::vector<any_task> tasks;
  for (auto& block : registry.pending()) tasks.push_back(detail::handle_access::make<any_task>(std::move(block)));
  return tasks;
}

}  // namespace

std::vector<any_task> all_tasks() { return pending_tasks(detail::runtime_of(detail::this_worker()).registry()); }

std::vector<any_task> runtime::all_tasks() const { return pending_tasks(driver_->state().registry()); }

}  // namespace charkha
