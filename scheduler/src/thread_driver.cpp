// SPDX-License-Identifier: Apache-2.0
#include "thread_driver.hpp"

#include <new>
#include <system_error>
#include <utility>

#include "charkha/detail/describe_wait.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/known_tasks.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/usage_error.hpp"
#include "thread_name.hpp"
#include "thread_waiter.hpp"
#include "worker_count.hpp"

namespace charkha::detail {

namespace {

constexpr unsigned search_rounds = 24;         // looks at all victims before a worker parks
constexpr unsigned pauses_a_round = 32;        // between two looks
constexpr std::int64_t grace = 1'000'000'000;  // nanoseconds for the workers to leave their loops

}  // namespace

thread_driver::thread_driver(const runtime_options& options)
    : name_(options.name), shutdown_timeout_(options.shutdown_timeout) {
  const auto workers = static_cast<std::size_t>(choose_worker_count(options.workers));
  waker_ = std::make_shared<thread_waker>(workers);
  // Victims in another order in each run would make runs differ for no reason: the seed is fixed.
  thread_pool_config pool;
  pool.limit = options.max_blocking_threads;
  pool.unblocked = available_processors();
  pool.idle_timeout = options.blocking_idle_timeout;
  pool.name = name_;
  pool_ = std::make_shared<thread_pool>(std::move(pool));
  state_ = new runtime_state({workers, clock_, waker_, options.reports, options.hooks, 1, search_rounds, pool_,
                              options.debug, options.slow_step.count()});
  try {
    start_threads();
  } catch (...) {
    state_->stop();
    for (auto& thread : threads_) thread.join();
    state_->close();
    state_->give_up();
    throw;
  }
}

void thread_driver::start_threads() {
  const std::size_t count = state_->worker_count();
  threads_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    serving_.fetch_add(1, std::memory_order_relaxed);
    try {
      threads_.emplace_back([this, i] { serve(i); });
    } catch (const std::system_error& error) {
      serving_.fetch_sub(1, std::memory_order_relaxed);
      throw std::system_error(error.code(), "charkha: worker " + std::to_string(i + 1) + " of " +
                                                std::to_string(count) +
                                                " could not be started; ask for fewer workers or raise the limit on "
                                                "threads (ulimit -u, pids.max)");
    }
  }
}

void thread_driver::serve(std::size_t index) noexcept {
  name_thread(index);
  keep_frames();
  worker& self = state_->worker_at(index);
  set_current_worker(&self);
  for (bool serving = true; serving;) {
    switch (self.steps()) {
      case step_result::ran:
        break;
      case step_result::idle:
        for (unsigned i = 0; i < pauses_a_round; ++i) spin_pause();
        break;
      case step_result::park:
        while (!self.unparked(waker_->of(index).park_until(self.park_deadline()))) {
        }
        break;
      case step_result::stopped:
        serving = false;
        break;
    }
  }
  set_current_worker(nullptr);
  // [workers-left] release: all that this worker did, for the thread that destroys what it left.
  if (serving_.fetch_sub(1, std::memory_order_acq_rel) == 1) all_left_.unpark();
}

void thread_driver::name_thread(std::size_t index) const noexcept {
  name_this_thread(name_, "-" + std::to_string(index));
}

bool thread_driver::stop_tasks(std::int64_t deadline) {
  // A task is asked once, so that its clean-up may wait; a later round asks those that were created meanwhile.
  for (auto round = state_->registry().pending(); !round.empty(); round = state_->registry().pending()) {
    for (const auto& task : round) task->cancel({});
    for (const auto& task : round) {
      thread_waiter here;
      if (!here.wait(task->waiters, deadline)) return false;
    }
  }
  return true;
}

std::vector<unfinished_task> thread_driver::unfinished_tasks() const {
  const auto pending = state_->registry().pending();
  known_tasks known;
  for (const auto& task : pending) known.add(*task);
  std::vector<unfinished_task> left;
  for (const auto& task : pending) {
    if (!task->is_complete()) left.push_back({task->name(), describe_wait(*task, known), task->site()});
  }
  return left;
}

bool thread_driver::join_threads(std::int64_t deadline) {
  if (!all_left_.park_until(deadline)) return false;
  for (auto& thread : threads_) thread.join();
  return true;
}

// Numbered as in README.md, "Shutdown".
const shutdown_result& thread_driver::shutdown(std::chrono::nanoseconds timeout) {
  if (current_worker() != nullptr) {
    throw usage_error("shutdown() would block a worker: call it on a thread of the embedding program");
  }
  const std::lock_guard guard(shutdown_mutex_);
  if (result_) return *result_;
  shutdown_result result;
  const std::int64_t deadline = later(clock_.now(), timeout.count());
  shutdown_request_.set();              // 0
  state_->registry().refuse_outside();  // 1
  try {
    if (!stop_tasks(deadline)) result.unfinished = unfinished_tasks();  // 2
  } catch (const std::bad_alloc&) {                                     // NOLINT(bugprone-empty-catch)
    // No memory for a list of those to be asked: what is left is destroyed below, and reported.
  }
  result.threads_not_stopped = pool_->shut_down(deadline);  // 3
  if (result.threads_not_stopped > 0) state_->tell({report_kind::thread_not_stopped, {}, {}});
  state_->stop();  // 4
  if (!join_threads(later(clock_.now(), grace))) {
    result.workers_not_stopped = serving_.load(std::memory_order_acquire);  // [workers-left]
    state_->tell({report_kind::worker_not_stopped, {}, {}, nullptr});
    state_->forget_reports();
    for (auto& thread : threads_) thread.detach();
  } else {
    state_->close();  // 5
  }
  return *(result_ = std::move(result));
}

}  // namespace charkha::detail
