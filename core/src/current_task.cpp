// SPDX-License-Identifier: Apache-2.0
#include "charkha/current_task.hpp"

#include "charkha/detail/executor.hpp"
#include "charkha/detail/fork_scope.hpp"
#include "charkha/detail/forked_record.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/detail/this_thread.hpp"

namespace charkha {

any_task current_task() {
  const detail::worker_context* worker = detail::current_worker();
  if (worker == nullptr || worker->current == nullptr) return {};
  detail::task_core& self = *worker->current;
  detail::intrusive_ptr<detail::future_core> core;
  if (detail::task_block* heap = self.heap_block()) {
    core = detail::intrusive_ptr<detail::task_block>(*heap);
  } else {
    core = detail::forked_record::of(static_cast<detail::forked_task&>(self));
  }
  return detail::handle_access::make<any_task>(std::move(core));
}

}  // namespace charkha
