// SPDX-License-Identifier: Apache-2.0
#include "runtime_state.hpp"

#include <cstdio>
#include <utility>

#include "charkha/detail/this_thread.hpp"
#include "charkha/usage_error.hpp"
#include "parker.hpp"

namespace charkha::detail {

namespace {

/// A foreign thread that blocks until something is complete.
class thread_waiter final : public waiter {
 public:
  thread_waiter() noexcept = default;
  [[nodiscard]] ready_item* completed() noexcept override {
    parker_.unpark();
    return nullptr;
  }
  void wait() noexcept { static_cast<void>(parker_.park_until(parker::never)); }

 private:
  parker parker_;
};

}  // namespace

runtime_state::runtime_state(const runtime_config& config)
    : config_(config), idle_(config.workers), timers_(config.workers, config.clock.now(), config.workers == 1) {
  workers_.reserve(config.workers);
  for (std::size_t i = 0; i < config.workers; ++i) workers_.push_back(std::make_unique<worker>(*this, i, config.seed));
}

void runtime_state::make_ready(ready_item& item, ready_kind kind) noexcept {
  worker_context* here = current_worker();
  if (here != nullptr && &here->owner == this) {
    static_cast<worker*>(here)->enqueue(item, kind);
  } else {
    injected_.push(&item);
    wake_for_work();
  }
}

void runtime_state::enlist(task_block& task) {
  const worker_context* here = current_worker();
  const bool foreign = here == nullptr || &here->owner != this;
  if (!registry_.add(task, foreign ? task_registry::outside : static_cast<const worker*>(here)->index())) {
    throw usage_error("this runtime is shut down: it takes no new tasks");
  }
}

void runtime_state::delist(task_block& task) noexcept {
  if (registry_.remove(task)) delete this;
}

void runtime_state::block_until_complete(waiter_list& waiters) {
  if (current_worker() != nullptr) {
    throw usage_error("get() would block a worker, which has tasks to run: co_await the task instead");
  }
  thread_waiter here;
  if (waiters.add(here)) here.wait();
}

void runtime_state::report_unretrieved(const task_block& task, std::exception_ptr error) noexcept {
  tell({report_kind::error_never_retrieved, task.name(), task.site(), std::move(error)});
}

bool runtime_state::has_visible_work() const noexcept {
  if (!injected_.empty()) return true;
  for (const auto& each : workers_) {
    if (each->has_visible_work()) return true;
  }
  return false;
}

void runtime_state::wake_for_work() noexcept {
  const auto sleeper = idle_.pick_for_work();
  if (sleeper != idle_set::nobody) config_.wake->unpark(sleeper);
}

void runtime_state::wake_for_deadline(std::int64_t deadline) noexcept {
  if (deadline == timer_driver::never) return;
  const auto keeper = idle_.pick_for_deadline(deadline);
  if (keeper != idle_set::nobody) config_.wake->unpark(keeper);
}

void runtime_state::arm(timer_entry& entry, std::int64_t deadline) noexcept {
  const auto& here = static_cast<const worker&>(*current_worker());
  if (timers_.arm(here.index(), entry, deadline)) wake_for_deadline(deadline);
}

void runtime_state::place(timer_entry& entry) noexcept {
  timers_.place(static_cast<const worker&>(*current_worker()).index(), entry);
}

bool runtime_state::rearm(timer_entry& entry, std::optional<std::int64_t> deadline) noexcept {
  const auto done = timers_.rearm(entry, deadline, now());
  if (done.item != nullptr) static_cast<worker&>(*current_worker()).enqueue(*done.item, ready_kind::yielded);
  if (done.is_first) wake_for_deadline(*deadline);
  return done.accepted;
}

void runtime_state::expire_now(timer_entry& entry) noexcept {
  auto& here = static_cast<worker&>(*current_worker());
  if (ready_item* item = timers_.expire_now(here.index(), entry)) here.enqueue(*item, ready_kind::yielded);
}

void runtime_state::stop() noexcept {
  stopping_.store(true, std::memory_order_seq_cst);
  // Twice is harmless: a token that nobody waits for ends a later park, and there is none.
  for (std::size_t i = 0; i < workers_.size(); ++i) config_.wake->unpark(i);
}

void runtime_state::tell(const report& what) noexcept {
  // [reports-forgotten] sequentially consistent, both words: either this thread is counted before forget_reports()
  // looks, or it sees that the handler is gone.
  telling_.fetch_add(1, std::memory_order_seq_cst);
  if (config_.reports != nullptr && !reports_forgotten_.load(std::memory_order_seq_cst)) {
    config_.reports->handle(what);
  } else {
    static_cast<void>(std::fprintf(stderr, "%s\n", what.text().c_str()));
  }
  telling_.fetch_sub(1, std::memory_order_release);
}

void runtime_state::forget_reports() noexcept {
  reports_forgotten_.store(true, std::memory_order_seq_cst);  // [reports-forgotten]
  while (telling_.load(std::memory_order_seq_cst) != 0) spin_pause();
}

void runtime_state::close() noexcept {
  registry_.refuse_all();
  for (const auto& each : workers_) each->discard_all();
  while (ready_item* item = injected_.try_pop()) item->discard();
  // Destroying a frame may complete or drop other tasks, so each round looks anew.
  for (auto left = registry_.pending(); !left.empty(); left = registry_.pending()) {
    for (const auto& task : left) {
      if (task->is_complete()) continue;
      tell({report_kind::destroyed_while_pending, task->name(), task->site(), nullptr});
      task->abandon();
    }
  }
}

void runtime_state::give_up() noexcept {
  forget_reports();
  if (registry_.close()) delete this;
}

worker& this_worker() {
  worker_context* here = current_worker();
  if (here == nullptr) throw usage_error("this can only be done in a task, on a worker of a runtime");
  return static_cast<worker&>(*here);
}

}  // namespace charkha::detail
