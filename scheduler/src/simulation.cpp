// SPDX-License-Identifier: Apache-2.0
#include "charkha/simulation.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "charkha/detail/context_state.hpp"
#include "charkha/detail/describe_wait.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/detail/known_tasks.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/usage_error.hpp"
#include "job_queue.hpp"
#include "runtime_state.hpp"
#include "worker_count.hpp"

namespace charkha {

namespace detail {

/// Drives all workers of a runtime on one thread.
class simulation_driver final : public waker, public time_source, public blocking_executor, public fault_source {
 public:
  explicit simulation_driver(const simulation_options& options)
      : faults_(checked(options.faults)),
        random_(options.seed),
        seats_(static_cast<std::size_t>(checked(options.workers))),
        state_(new runtime_state({seats_.size(), *this, std::shared_ptr<waker>(std::shared_ptr<void>(), this),
                                  options.reports, options.hooks, options.seed, 1,
                                  std::shared_ptr<blocking_executor>(std::shared_ptr<void>(), this), options.debug,
                                  std::numeric_limits<std::int64_t>::max(), this})),
        shutdown_timeout_(options.shutdown_timeout.count()) {}

  ~simulation_driver() override {
    closed_ = true;
    while (jobs_.take()) {
    }
    state_->close();
    state_->give_up();
  }
  simulation_driver(const simulation_driver&) = delete;
  simulation_driver& operator=(const simulation_driver&) = delete;

  void unpark(std::size_t worker) noexcept override { seats_[worker].token = true; }
  [[nodiscard]] std::int64_t now() const noexcept override { return now_; }

  [[nodiscard]] bool submit(blocking_job& job) noexcept override {
    if (closed_) return false;
    if (happens(faults_.failed_threads)) {
      job.fail(std::make_exception_ptr(
          std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                            "charkha: a thread for to_thread could not be started, as the simulation was asked for")));
      job.deliver();
    } else {
      jobs_.push(job);
    }
    return true;
  }
  [[nodiscard]] bool withdraw(blocking_job& job) noexcept override { return static_cast<bool>(jobs_.remove(job)); }

  [[nodiscard]] bool steal_loses() noexcept override { return happens(faults_.lost_steals); }
  [[nodiscard]] bool creation_fails() noexcept override { return happens(faults_.failed_tasks); }

  [[nodiscard]] runtime_state& state() noexcept { return *state_; }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  /// Until when tasks that are asked to stop now may go on.
  [[nodiscard]] std::int64_t stop_deadline() const noexcept { return later(now_, shutdown_timeout_); }

  /// One step of one worker, or one blocking function, or a jump in time. False: nothing can ever happen again.
  /// Time does not go beyond `latest`.
  [[nodiscard]] bool step(std::int64_t latest = idle_set::never) {
    if (seats_.size() > 1 && happens(faults_.spurious_wake_ups)) wake_for_nothing(random_() % seats_.size());
    find_runnable();
    // Threads would race for the functions; with one worker they begin in their order, as all else does.
    const std::size_t callable = seats_.size() == 1 ? std::min<std::size_t>(jobs_.size(), 1) : jobs_.size();
    if (runnable_.empty() && callable == 0) return jump(latest);
    const std::size_t choice = random_() % (runnable_.size() + callable);
    if (choice >= runnable_.size()) {
      call(jobs_.take(choice - runnable_.size()));
      return true;
    }
    const std::size_t chosen = runnable_[choice];
    seat& here = seats_[chosen];
    worker& self = state_->worker_at(chosen);
    if (here.parked) {
      here.parked = here.token = false;
      static_cast<void>(self.unparked(true));
    }
    ++steps_;
    const context_scope no_function_of_the_caller(nullptr);
    worker_context* const outside = current_worker();
    set_current_worker(&self);
    here.parked = self.step() == step_result::park;
    set_current_worker(outside);
    if (happens(faults_.slow_workers)) here.slow_until = steps_ + random_() % 100;
    return true;
  }

 private:
  struct seat {
    bool parked = false;
    bool token = false;
    std::uint64_t slow_until = 0;  // steps

    [[nodiscard]] bool can_run() const noexcept { return !parked || token; }
  };

  static int checked(int workers) {
    if (workers < 1 || workers > most_workers) {
      throw std::invalid_argument("charkha: simulation_options.workers is " + std::to_string(workers) +
                                  "; it must be a number from 1 to " + std::to_string(most_workers));
    }
    return workers;
  }

  static simulation_faults checked(const simulation_faults& faults) {
    for (const int chances : {faults.lost_steals, faults.spurious_wake_ups, faults.slow_workers, faults.failed_tasks,
                              faults.failed_threads}) {
      if (chances < 0 || chances > 999) {
        throw std::invalid_argument("charkha: one of simulation_options.faults is " + std::to_string(chances) +
                                    "; it must be a number of chances in a thousand, from 0 to 999");
      }
    }
    if (faults.late_timers.count() < 0) {
      throw std::invalid_argument("charkha: simulation_options.faults.late_timers is negative");
    }
    return faults;
  }

  // Draws no number where nothing can happen: without faults a seed gives the run that it always gave.
  [[nodiscard]] bool happens(int chances) noexcept {
    return chances > 0 && random_() % 1000 < static_cast<std::uint64_t>(chances);
  }

  void wake_for_nothing(std::size_t index) noexcept {
    seat& here = seats_[index];
    if (!here.can_run()) here.parked = !state_->worker_at(index).unparked(false);
  }

  // Those that stand still only if there is nobody else.
  void find_runnable() {
    runnable_.clear();
    add_runnable(false);
    if (runnable_.empty()) add_runnable(true);
  }
  void add_runnable(bool slow) {
    for (std::size_t i = 0; i < seats_.size(); ++i) {
      if (seats_[i].can_run() && (seats_[i].slow_until > steps_) == slow) runnable_.push_back(i);
    }
  }

  void call(const intrusive_ptr<blocking_job>& job) {
    ++steps_;
    worker_context* const outside = current_worker();
    set_current_worker(nullptr);
    job->run();
    job->deliver();
    set_current_worker(outside);
  }

  [[nodiscard]] bool jump(std::int64_t latest) {
    std::size_t first = 0;
    for (std::size_t i = 1; i < seats_.size(); ++i) {
      if (state_->worker_at(i).park_deadline() < state_->worker_at(first).park_deadline()) first = i;
    }
    const std::int64_t deadline = state_->worker_at(first).park_deadline();
    if (deadline == idle_set::never || deadline > latest) return false;
    std::int64_t wakes = deadline;
    if (const auto late = static_cast<std::uint64_t>(faults_.late_timers.count()); late > 0) {
      wakes = std::min(latest, later(deadline, static_cast<std::int64_t>(random_() % (late + 1))));
    }
    now_ = std::max(now_, wakes);
    seats_[first].parked = !state_->worker_at(first).unparked(false);
    return true;
  }

  const simulation_faults faults_;
  victim_random random_;
  std::int64_t now_ = 0;
  std::uint64_t steps_ = 0;
  std::vector<seat> seats_;
  std::vector<std::size_t> runnable_;
  job_queue jobs_;  // functions given to to_thread that have not begun
  bool closed_ = false;
  runtime_state* state_;  // frees itself, see runtime_state::give_up()
  const std::int64_t shutdown_timeout_;
};

}  // namespace detail

simulation::simulation(const simulation_options& options)
    : driver_(std::make_unique<detail::simulation_driver>(options)) {}
simulation::~simulation() = default;

clock::time_point simulation::now() const noexcept { return clock::time_point(clock::duration(driver_->now())); }
bool simulation::debug() const noexcept { return driver_->state().debug(); }
std::uint64_t simulation::steps() const noexcept { return driver_->steps(); }
detail::executor& simulation::executor() const noexcept { return driver_->state(); }

void simulation::run_until_complete(detail::task_block& task) {
  if (detail::current_worker() != nullptr) throw usage_error("simulation::run() cannot be called in a task");
  while (!task.is_complete()) {
    if (driver_->step()) continue;
    const auto pending = driver_->state().registry().pending();
    detail::known_tasks known;
    for (const auto& each : pending) known.add(*each);
    std::string waiting;
    for (const auto& each : pending) {
      if (each->is_complete()) continue;
      waiting += (waiting.empty() ? " " : ", ") + each->name() + " (" + detail::describe_wait(*each, known) + ")";
    }
    throw usage_error("simulation: every task waits and no timer is armed:" + waiting);
  }
}

void simulation::stop_tasks() {
  auto& registry = driver_->state().registry();
  auto round = registry.pending();
  const std::int64_t deadline = driver_->stop_deadline();
  const std::uint64_t last_step = driver_->steps() + 100'000 + 10'000 * static_cast<std::uint64_t>(round.size());
  for (; !round.empty(); round = registry.pending()) {
    for (const auto& task : round) task->cancel({});
    for (const auto& task : round) {
      while (!task->is_complete()) {
        if (driver_->steps() >= last_step || !driver_->step(deadline)) return;
      }
    }
  }
}

}  // namespace charkha
