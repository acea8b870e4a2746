// SPDX-License-Identifier: Apache-2.0
#include "charkha/to_thread.hpp"

#include "charkha/std_future.hpp"
#include "charkha/usage_error.hpp"
#include "runtime_state.hpp"

namespace charkha::detail {

void throw_awaited_twice() { throw usage_error("to_thread: this call was awaited already, or moved from"); }

void throw_no_std_future() { throw usage_error("from_std_future: this future has no state: it was got or moved from"); }

void blocking_job::deliver() noexcept {
  ready_item* item = nullptr;
  for (bool told = waiters.close(item); told; told = waiters.take(item)) {
    if (item != nullptr) runtime->make_ready(*item, ready_kind::woken);
  }
}

void blocking_job::drop_reference() noexcept {
  // [job-reference] release: this holder's use of the job, for the one who comes last.
  // [job-reference] acquire: the others' use is over before the job is freed.
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) free_job();
}

bool blocking_wait::wait(task_core& self, std::coroutine_handle<> frame) {
  auto& owner = static_cast<runtime_state&>(self.runtime);
  blocking_executor& threads = owner.blocking();
  job_->runtime = &owner;
  job_->context.replace(copy_current_context());
  begin(self, frame);
  static_cast<void>(job_->waiters.add(*this));
  if (threads.submit(*job_)) return suspend();
  job_->waiters.remove(*this);
  job_->fail(std::make_exception_ptr(
      usage_error("to_thread: the runtime is shutting down and takes no more blocking functions")));
  return false;
}

void blocking_wait::finish() {
  if (!resumed_by_cancel()) return;
  task_core& self = task();
  job_->waiters.remove(*this);
  if (!static_cast<runtime_state&>(self.runtime).blocking().withdraw(*job_)) job_->request_stop();
  job_ = {};
  throw_cancelled(self);
}

blocking_wait::~blocking_wait() {
  if (linked()) job_->waiters.remove(*this);
}

}  // namespace charkha::detail
