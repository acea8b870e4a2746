// SPDX-License-Identifier: Apache-2.0
// One runtime: its workers, what they share, and what its tasks ask of it. Knows no threads: they, or a simulation,
// drive the workers through step() and block them through the waker.
//
// Life: made by a driver; closed when its workers do not run any more; given up when the driver goes; freed when, in
// addition, the last control block of its tasks is gone, since handles may outlive the runtime.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "blocking_executor.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/report.hpp"
#include "charkha/task_hooks.hpp"
#include "fault_source.hpp"
#include "idle_set.hpp"
#include "injection_queue.hpp"
#include "task_registry.hpp"
#include "time_source.hpp"
#include "timer_driver.hpp"
#include "worker.hpp"

namespace charkha::detail {

/// Ends the park of a worker: given by whoever drives the workers. Lives as long as the state: a foreign thread that
/// cancels a task may come here while the runtime goes away.
class waker {
 public:
  virtual ~waker() = default;
  waker(const waker&) = delete;
  waker& operator=(const waker&) = delete;
  virtual void unpark(std::size_t worker) noexcept = 0;

 protected:
  waker() noexcept = default;
};

struct runtime_config {
  std::size_t workers;
  const time_source& clock;
  std::shared_ptr<waker> wake;
  report_handler* reports;  // null: stderr
  task_hooks* hooks;        // null: nobody is told
  std::uint64_t seed;
  unsigned search_rounds;  // looks at all victims before a worker parks
  std::shared_ptr<blocking_executor> blocking = nullptr;
  bool debug = false;
  std::int64_t slow_step = 0;  // nanoseconds; in debug mode
  fault_source* faults = nullptr;
};

class runtime_state final : public executor {
 public:
  explicit runtime_state(const runtime_config& config);

  // executor

  void make_ready(ready_item& item, ready_kind kind) noexcept override;
  void enlist(task_block& task, const worker_context* here) override;
  void delist(task_block& task) noexcept override;
  [[nodiscard]] intrusive_ptr<task_block> find(std::uint64_t number) noexcept override;
  // [runtime-closed] acquire: the tasks are gone.
  [[nodiscard]] bool is_closed() const noexcept override { return closed_.load(std::memory_order_acquire); }
  void spawned(task_block& task) override;
  void ended(task_block& task) noexcept override;
  [[nodiscard]] std::uint8_t retain() noexcept override;
  void release(std::uint8_t retained) noexcept override;
  void report_unretrieved(std::string_view what, const std::source_location& site,
                          std::exception_ptr error) noexcept override;
  void report_callback_error(const std::source_location& site, std::exception_ptr error) noexcept override;
  [[nodiscard]] bool block_for(waiter_list& waiters, std::int64_t nanoseconds) override;
  void report_fatal(task_core& task, std::exception_ptr error) noexcept override;
  void report_never_awaited(task_core* by) noexcept override;

  /// The calling worker if it is one of this runtime's, or null.
  [[nodiscard]] worker* own_worker() const noexcept;
  /// The same for who knows whether the calling thread is one of this runtime's workers, `here`, or null.
  [[nodiscard]] std::uint8_t retain(worker* here) noexcept {
    if (here == nullptr || here->spare_retentions == 0) [[unlikely]]
      return retain_fresh(here);
    --here->spare_retentions;
    return here->spare_shard;
  }
  void release(worker* here, std::uint8_t retained) noexcept {
    if (here != nullptr && retained == here->spare_shard && here->spare_retentions < worker::most_spare) {
      ++here->spare_retentions;
    } else {
      release_for_good(retained);
    }
  }

  // for the workers

  [[nodiscard]] std::size_t worker_count() const noexcept { return workers_.size(); }
  [[nodiscard]] worker& worker_at(std::size_t index) noexcept { return *workers_[index]; }
  [[nodiscard]] injection_queue& injected() noexcept { return injected_; }
  [[nodiscard]] timer_driver& timers() noexcept { return timers_; }
  [[nodiscard]] idle_set& idle() noexcept { return idle_; }
  [[nodiscard]] std::int64_t now() const noexcept { return config_.clock.now(); }
  /// The same, read by a step of the calling worker.
  [[nodiscard]] std::int64_t now(worker& here) const noexcept { return here.time_seen = config_.clock.now(); }
  [[nodiscard]] bool debug() const noexcept { return config_.debug; }
  /// Runs the item, and reports it if it takes too long. In debug mode.
  void run_watched(ready_item& item, worker& on) noexcept;
  /// Does a simulation let the steal that comes now fail?
  [[nodiscard]] bool steal_loses() const noexcept { return config_.faults != nullptr && config_.faults->steal_loses(); }
  [[nodiscard]] unsigned search_rounds() const noexcept { return config_.search_rounds; }
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool has_visible_work() const noexcept;
  /// After work was made visible: wakes a sleeper, unless somebody searches.
  void wake_for_work() noexcept {
    if (idle_.wants_work()) [[unlikely]]
      wake_sleeper();
  }
  void wake_for_deadline(std::int64_t deadline) noexcept;

  // for awaiters, on a worker

  /// Arms a timer on the shard of the calling worker, `here`; a deadline that is not in the future is due at its next
  /// look at the timers.
  void arm(const worker& here, timer_entry& entry, std::int64_t deadline) noexcept {
    if (timers_.arm(here.index(), entry, deadline)) wake_for_deadline(deadline);
  }
  /// Gives an entry the shard of `here` without arming it, for rearm().
  void place(const worker& here, timer_entry& entry) noexcept { timers_.place(here.index(), entry); }
  /// Gives an entry that has a shard another deadline, or none. False: it does not accept that.
  [[nodiscard]] bool rearm(timer_entry& entry, std::optional<std::int64_t> deadline) noexcept;
  /// As arm, for a deadline that the caller knows to be past.
  void expire_now(worker& here, timer_entry& entry) noexcept;
  /// Where blocking functions go. Throws usage_error if this runtime was made without.
  [[nodiscard]] blocking_executor& blocking() const;

  // for drivers

  [[nodiscard]] task_registry& registry() noexcept { return registry_; }
  /// The workers leave their loop after the step they are in.
  void stop() noexcept;
  void tell(const report& what) noexcept;
  /// Returns if the embedder's handler does.
  void tell_fatal(const report& what) noexcept;
  /// The embedder's handler may go after this: later reports go to stderr.
  void forget_reports() noexcept;
  /// Destroys what is pending and takes no more tasks. The workers must have stopped for good.
  void close() noexcept;
  /// After close(): the driver goes away. The state frees itself, now or with the last handle.
  void give_up() noexcept;

 private:
  void wake_sleeper() noexcept;
  [[nodiscard]] bool is_closed_by_caller() const noexcept;
  [[nodiscard]] std::uint8_t retain_fresh(worker* here) noexcept;
  void release_for_good(std::uint8_t retained) noexcept;
  /// The embedder's handler, kept alive until release_handler(); null if there is none or it may be gone.
  [[nodiscard]] report_handler* acquire_handler() noexcept;
  void release_handler() noexcept;
  void tell_destroyed(task_block& task) noexcept;
  ~runtime_state();

  const runtime_config config_;
  injection_queue injected_;
  idle_set idle_;
  timer_driver timers_;
  task_registry registry_;
  std::vector<std::unique_ptr<worker>> workers_;
  alignas(64) std::atomic<bool> stopping_{false};
  std::atomic<bool> closing_{false};
  std::atomic<bool> closed_{false};
  std::thread::id closer_;  // written before closing_
  std::atomic<bool> reports_forgotten_{false};
  std::atomic<int> telling_{0};  // threads inside the embedder's handler
  std::atomic<int> foreign_{0};  // threads of others inside make_ready()
};

[[noreturn]] void throw_no_worker();
/// The calling worker. Throws usage_error on any other thread.
[[nodiscard]] inline worker& this_worker() {
  worker_context* here = current_worker();
  if (here == nullptr) [[unlikely]]
    throw_no_worker();
  return static_cast<worker&>(*here);
}
/// The same for whoever knows that it is one.
[[nodiscard]] inline worker& worker_here() noexcept { return static_cast<worker&>(*current_worker()); }
[[nodiscard]] inline runtime_state& runtime_of(const worker_context& context) noexcept {
  return static_cast<runtime_state&>(context.owner);
}

}  // namespace charkha::detail
