// SPDX-License-Identifier: Apache-2.0
#include "charkha/create_task.hpp"

#include "charkha/usage_error.hpp"

namespace charkha::detail {

executor& current_runtime() {
  const worker_context* worker = current_worker();
  if (worker == nullptr) {
    throw usage_error(
        "there is no running runtime on this thread: create tasks from within a task, or use "
        "runtime::spawn, which works from any thread");
  }
  return worker->owner;
}

void note_never_awaited() noexcept {
  if (const worker_context* worker = current_worker()) worker->owner.report_never_awaited(worker->current);
}

void throw_empty_coro() { throw usage_error("this coro is empty: it was awaited, handed over or moved from"); }

}  // namespace charkha::detail
