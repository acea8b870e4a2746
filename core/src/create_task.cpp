// SPDX-License-Identifier: Apache-2.0
#include "charkha/create_task.hpp"

#include "charkha/context.hpp"
#include "charkha/strand.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

worker_context& calling_worker() {
  worker_context* worker = current_worker();
  if (worker == nullptr) {
    throw usage_error(
        "there is no running runtime on this thread: create tasks from within a task, or use "
        "runtime::spawn, which works from any thread");
  }
  return *worker;
}

executor& current_runtime() { return calling_worker().owner; }

birthplace::birthplace(executor& home) noexcept : runtime(home), here(current_worker()) {
  if (here != nullptr && &here->owner != &home) here = nullptr;
}

namespace {

/// Names the task and puts it on its strand. Throws usage_error for options that do not go together.
void apply(const task_options& options, task_block& task) {
  if (!options.name.empty()) task.set_name(options.name);
  if (options.on != nullptr) {
    const auto& queue = strand_access::queue(*options.on);
    if (&queue->runtime() != &task.runtime) throw usage_error("this strand belongs to another runtime");
    task.demand_notes().strand = queue;
  }
  if (!options.eager_start) return;
  const worker_context* worker = current_worker();
  if (worker == nullptr || &worker->owner != &task.runtime) {
    throw usage_error(
        "eager_start: the body runs on the caller's stack, so the caller must be a worker of the runtime");
  }
  if (options.on != nullptr && !strand_access::queue(*options.on)->is_served_by(*worker)) {
    throw usage_error("eager_start: the body would run outside its strand; create the task from within the strand");
  }
}

void tell_spawned(task_block& task) {
  try {
    task.runtime.spawned(task);
  } catch (...) {
    task.refuse();
    throw;
  }
}

}  // namespace

void admit(task_block& task, worker_context* here, const task_options& options) {
  try {
    context_slot& context = task.task_core::context;
    if (options.context == nullptr) [[likely]] {
      context.begin_with(here == nullptr ? copy_current_context() : current_context(*here).copy());
    } else {
      context.begin_with(context_access::state(*options.context));
    }
    if (!options.name.empty() || options.on != nullptr || options.eager_start) [[unlikely]]
      apply(options, task);
    task.runtime.enlist(task, here);
  } catch (...) {
    task.drop_unlisted();
    throw;
  }
}

void begin_task(task_block& task, worker_context* here, const task_options& options) {
  if (task.runtime.has_hooks()) [[unlikely]]
    tell_spawned(task);
  if (options.eager_start) [[unlikely]] {
    task.run_eagerly(*here);
  } else if (here != nullptr) [[likely]] {
    here->enqueue(*task.turn(), ready_kind::created);
  } else {
    task.runtime.make_ready(*task.turn(), ready_kind::created);
  }
}

void launch(task_block& task, worker_context* here, const task_options& options) {
  admit(task, here, options);
  try {
    begin_task(task, here, options);
  } catch (...) {
    task.drop_reference();  // of the handle that there will not be
    throw;
  }
}

void note_never_awaited() noexcept {
  if (const worker_context* worker = current_worker()) worker->owner.report_never_awaited(worker->current);
}

void throw_empty_coro() { throw usage_error("this coro is empty: it was awaited, handed over or moved from"); }

}  // namespace charkha::detail
