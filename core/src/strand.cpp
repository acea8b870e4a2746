// SPDX-License-Identifier: Apache-2.0
#include "charkha/strand.hpp"

#include "charkha/detail/executor.hpp"
#include "charkha/detail/task_core.hpp"
#include "charkha/detail/this_thread.hpp"

namespace charkha {

bool strand::running_here() const noexcept {
  const detail::worker_context* worker = detail::current_worker();
  if (worker == nullptr || worker->current == nullptr) return false;
  const detail::task_notes* notes = worker->current->notes();
  return notes != nullptr && notes->strand == queue_;
}

}  // namespace charkha
