// SPDX-License-Identifier: Apache-2.0
#include "runtime_state.hpp"

#include <chrono>
#include <cstdio>
#include <new>
#include <thread>
#include <utility>

#include "charkha/any_task.hpp"
#include "charkha/detail/backoff.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/usage_error.hpp"
#include "thread_waiter.hpp"

namespace charkha::detail {

namespace {

/// A report about a task, or about none.
report about(task_core* task, report_kind kind) {
  if (task == nullptr) return {kind, {}, {}};
  if (const task_block* block = task->heap_block()) return {kind, block->name(), block->site()};
  return {kind, task->given_name(), {}};
}

}  // namespace

runtime_state::runtime_state(const runtime_config& config)
    : executor(config.hooks != nullptr),
      config_(config),
      idle_(config.workers),
      timers_(config.workers, config.clock.now(), config.workers == 1) {
  workers_.reserve(config.workers);
  for (std::size_t i = 0; i < config.workers; ++i) {
    workers_.push_back(std::make_unique<worker>(*this, i, config.seed, config.workers == 1));
  }
}

void runtime_state::make_ready(ready_item& item, ready_kind kind) noexcept {
  worker_context* here = current_worker();
  if (here != nullptr && &here->owner == this) {
    static_cast<worker*>(here)->enqueue(item, kind);
  } else if (is_closed_by_caller()) {
    item.discard();
  } else {
    // The item may be all that kept the runtime running: from the push on, only this count keeps its memory.
    foreign_.fetch_add(1, std::memory_order_relaxed);
    injected_.push(&item);
    wake_for_work();
    // [foreign-waker] release: this thread's use of the runtime is over, for the one who frees it.
    foreign_.fetch_sub(1, std::memory_order_release);
  }
}

runtime_state::~runtime_state() {
  // [foreign-waker] acquire: those who made an item ready from outside have left. A few instructions each.
  while (foreign_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
}

// What the destructors of frames that close() destroys make ready. Other threads leave theirs in a queue that nobody
// reads: an item may be a task that is gone by then.
bool runtime_state::is_closed_by_caller() const noexcept {
  // [runtime-closing] acquire: who closes it.
  return closing_.load(std::memory_order_acquire) && closer_ == std::this_thread::get_id();
}

void runtime_state::enlist(task_block& task, const worker_context* here) {
  if (config_.faults != nullptr && here != nullptr && config_.faults->creation_fails()) throw std::bad_alloc();
  if (!registry_.add(task, here == nullptr ? task_registry::outside : static_cast<const worker*>(here)->index())) {
    throw usage_error("this runtime is shut down: it takes no new tasks");
  }
}

void runtime_state::delist(task_block& task) noexcept {
  if (registry_.remove(task)) delete this;
}

intrusive_ptr<task_block> runtime_state::find(std::uint64_t number) noexcept { return registry_.find(number); }

bool runtime_state::block_for(waiter_list& waiters, std::int64_t nanoseconds) {
  if (current_worker() != nullptr) {
    throw usage_error("get() would block a worker, which has tasks to run: co_await the task instead");
  }
  // Real time, in a simulation too: it is a thread outside that waits.
  const std::int64_t deadline =
      nanoseconds == for_ever ? parker::never : later(steady_time_source().now(), nanoseconds);
  thread_waiter here;
  return here.wait(waiters, deadline);
}

void runtime_state::spawned(task_block& task) {
  config_.hooks->on_spawn(handle_access::make<any_task>(intrusive_ptr<task_block>(task)));
}

void runtime_state::ended(task_block& task) noexcept {
  config_.hooks->on_end(handle_access::make<any_task>(intrusive_ptr<task_block>(task)));
}

worker* runtime_state::own_worker() const noexcept {
  worker_context* here = current_worker();
  return here != nullptr && &here->owner == this ? static_cast<worker*>(here) : nullptr;
}

// What is made and dropped on one worker takes no lock for it: the worker keeps a few that were released.
std::uint8_t runtime_state::retain() noexcept { return retain(own_worker()); }
void runtime_state::release(std::uint8_t retained) noexcept { release(own_worker(), retained); }

std::uint8_t runtime_state::retain_fresh(worker* here) noexcept {
  if (here == nullptr) return registry_.retain(task_registry::outside);
  return here->spare_shard = registry_.retain(here->index());
}

void runtime_state::release_for_good(std::uint8_t retained) noexcept {
  if (registry_.release(retained)) delete this;
}

void runtime_state::report_unretrieved(std::string_view what, const std::source_location& site,
                                       std::exception_ptr error) noexcept {
  tell({report_kind::error_never_retrieved, std::string(what), site, std::move(error)});
}

void runtime_state::report_callback_error(const std::source_location& site, std::exception_ptr error) noexcept {
  tell({report_kind::callback_failed, {}, site, std::move(error)});
}

void runtime_state::report_fatal(task_core& task, std::exception_ptr error) noexcept {
  auto what = about(&task, report_kind::fatal_error);
  what.error = std::move(error);
  tell_fatal(what);
}

void runtime_state::report_never_awaited(task_core* by) noexcept {
  if (config_.debug) tell(about(by, report_kind::coro_never_awaited));
}

// The task may be gone after its step, so what a report would say of it is written down before.
void runtime_state::run_watched(ready_item& item, worker& on) noexcept {
  auto what = about(dynamic_cast<task_core*>(&item), report_kind::slow_step);
  const std::int64_t begin = now();
  item.run(on);
  what.duration = std::chrono::nanoseconds(now() - begin);
  if (what.duration.count() > config_.slow_step) tell(what);
}

bool runtime_state::has_visible_work() const noexcept {
  if (!injected_.empty()) return true;
  for (const auto& each : workers_) {
    if (each->has_visible_work()) return true;
  }
  return false;
}

void runtime_state::wake_sleeper() noexcept {
  const auto sleeper = idle_.pick_for_work();
  if (sleeper != idle_set::nobody) config_.wake->unpark(sleeper);
}

void runtime_state::wake_for_deadline(std::int64_t deadline) noexcept {
  if (deadline == timer_driver::never) return;
  const auto keeper = idle_.pick_for_deadline(deadline);
  if (keeper != idle_set::nobody) config_.wake->unpark(keeper);
}

bool runtime_state::rearm(timer_entry& entry, std::optional<std::int64_t> deadline) noexcept {
  const auto done = timers_.rearm(entry, deadline, now());
  if (done.item != nullptr) worker_here().enqueue(*done.item, ready_kind::yielded);
  if (done.is_first && deadline) wake_for_deadline(*deadline);
  return done.accepted;
}

void runtime_state::expire_now(worker& here, timer_entry& entry) noexcept {
  if (ready_item* item = timers_.expire_now(here.index(), entry)) here.enqueue(*item, ready_kind::yielded);
}

blocking_executor& runtime_state::blocking() const {
  if (config_.blocking == nullptr) throw usage_error("to_thread: this runtime has nowhere to run a blocking function");
  return *config_.blocking;
}

void runtime_state::stop() noexcept {
  stopping_.store(true, std::memory_order_seq_cst);
  // Twice is harmless: a token that nobody waits for ends a later park, and there is none.
  for (std::size_t i = 0; i < workers_.size(); ++i) config_.wake->unpark(i);
}

report_handler* runtime_state::acquire_handler() noexcept {
  // [reports-forgotten] sequentially consistent, both words: either this thread is counted before forget_reports()
  // looks, or it sees that the handler is gone.
  telling_.fetch_add(1, std::memory_order_seq_cst);
  return reports_forgotten_.load(std::memory_order_seq_cst) ? nullptr : config_.reports;
}

void runtime_state::release_handler() noexcept { telling_.fetch_sub(1, std::memory_order_release); }

void runtime_state::tell(const report& what) noexcept {
  if (report_handler* handler = acquire_handler()) {
    handler->handle(what);
  } else {
    static_cast<void>(std::fprintf(stderr, "%s\n", what.text().c_str()));
  }
  release_handler();
}

void runtime_state::tell_fatal(const report& what) noexcept {
  report_handler* handler = acquire_handler();
  if (handler == nullptr) end_program(what);
  handler->fatal(what);
  release_handler();
}

void runtime_state::forget_reports() noexcept {
  reports_forgotten_.store(true, std::memory_order_seq_cst);  // [reports-forgotten]
  backoff pause;
  while (telling_.load(std::memory_order_seq_cst) != 0) pause();
}

void runtime_state::close() noexcept {
  registry_.refuse_all();
  closer_ = std::this_thread::get_id();
  closing_.store(true, std::memory_order_release);  // [runtime-closing]
  for (const auto& each : workers_) {
    each->discard_all();
    for (; each->spare_retentions > 0; --each->spare_retentions) release_for_good(each->spare_shard);
  }
  while (ready_item* item = injected_.try_pop()) item->discard();
  // Without memory too, all of it.
  pending_walk retired(registry_);
  while (const auto task = retired.next()) task->retire();
  // Destroying a frame may complete or drop other tasks: they are looked for one by one.
  pending_walk left(registry_);
  while (const auto task = left.next()) {
    tell_destroyed(*task);
    task->abandon();
  }
  closed_.store(true, std::memory_order_release);  // [runtime-closed]
  // What is still armed belongs to nobody's frame: calls that were to come.
  for (std::size_t i = 0; i < timers_.shards(); ++i) {
    while (ready_item* call = timers_.take_any(i)) call->discard();
  }
}

void runtime_state::tell_destroyed(task_block& task) noexcept {
  try {
    tell(about(&task, report_kind::destroyed_while_pending));
  } catch (const std::bad_alloc&) {
    tell({report_kind::destroyed_while_pending, {}, task.site()});
  }
}

void runtime_state::give_up() noexcept {
  forget_reports();
  if (registry_.close()) delete this;
}

void throw_no_worker() { throw usage_error("this can only be done in a task, on a worker of a runtime"); }

}  // namespace charkha::detail
