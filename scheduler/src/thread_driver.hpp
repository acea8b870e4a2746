// SPDX-License-Identifier: Apache-2.0
// Drives the workers of a runtime with one thread each.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "charkha/runtime.hpp"
#include "charkha/runtime_options.hpp"
#include "parker.hpp"
#include "runtime_state.hpp"
#include "signal_latch.hpp"
#include "thread_pool.hpp"
#include "time_source.hpp"

namespace charkha::detail {

/// Gives the threads their tokens.
class thread_waker final : public waker {
 public:
  explicit thread_waker(std::size_t workers) : parkers_(std::make_unique<parker[]>(workers)) {}
  void unpark(std::size_t worker) noexcept override { parkers_[worker].unpark(); }
  [[nodiscard]] parker& of(std::size_t worker) noexcept { return parkers_[worker]; }

 private:
  std::unique_ptr<parker[]> parkers_;
};

class thread_driver final {
 public:
  explicit thread_driver(const runtime_options& options);
  /// After shutdown().
  ~thread_driver() { state_->give_up(); }
  thread_driver(const thread_driver&) = delete;
  thread_driver& operator=(const thread_driver&) = delete;

  [[nodiscard]] runtime_state& state() noexcept { return *state_; }
  [[nodiscard]] std::size_t worker_count() const noexcept { return state_->worker_count(); }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::chrono::nanoseconds shutdown_timeout() const noexcept { return shutdown_timeout_; }
  [[nodiscard]] signal_latch& shutdown_request() noexcept { return shutdown_request_; }

  /// See runtime::shutdown. The result does not change any more.
  const shutdown_result& shutdown(std::chrono::nanoseconds timeout);

 private:
  void start_threads();
  void serve(std::size_t index) noexcept;
  void name_thread(std::size_t index) const noexcept;
  /// Until all tasks that are pending now have ended. False: the deadline came first.
  [[nodiscard]] bool stop_tasks(std::int64_t deadline);
  [[nodiscard]] std::vector<unfinished_task> unfinished_tasks() const;
  [[nodiscard]] bool join_threads(std::int64_t deadline);

  const std::string name_;
  const std::chrono::nanoseconds shutdown_timeout_;
  steady_time_source clock_;
  std::shared_ptr<thread_waker> waker_;
  std::shared_ptr<thread_pool> pool_;  // for functions that block
  runtime_state* state_;               // frees itself, see runtime_state::give_up()
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> serving_{0};  // threads inside serve()
  parker all_left_;                      // gets its token from the last thread that leaves
  signal_latch shutdown_request_;
  std::mutex shutdown_mutex_;              // a second caller waits for the first one's result
  std::optional<shutdown_result> result_;  // guarded by shutdown_mutex_
};

}  // namespace charkha::detail
