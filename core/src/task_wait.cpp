// SPDX-License-Identifier: Apache-2.0
#include "charkha/invalid_state_error.hpp"
#include "charkha/task.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

void throw_not_done() {
  throw invalid_state_error("the task is not done: its result can be read after it was awaited, or after done()");
}

void throw_empty_task() { throw usage_error("this task handle is empty: it was made without a task, or moved from"); }

task_wait::~task_wait() {
  if (linked()) block_->waiters.remove(*this);
}

bool task_wait::wait(task_core& self, std::coroutine_handle<> frame) {
  if (&self == block_.get()) throw usage_error("a task cannot await itself: " + block_->name());
  if (&self.runtime != &block_->runtime) {
    throw usage_error("task " + block_->name() +
                      " belongs to another runtime: await it there, or get() it on a foreign thread");
  }
  begin(self, frame);
  if (!block_->waiters.add(*this)) return false;
  return suspend();
}

void task_wait::finish() {
  if (begun() && resumed_by_cancel()) {
    block_->waiters.remove(*this);
    throw_cancelled(task());
  }
  block_->mark_retrieved();
}

}  // namespace charkha::detail
