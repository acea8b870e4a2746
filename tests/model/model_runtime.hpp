// SPDX-License-Identifier: Apache-2.0
// The real scheduler, with the threads, the clock and the kernel of the model: worker.cpp, idle_set.cpp, parker.cpp and
// all that they use, as they are.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <utility>

#include "charkha/create_task.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/task.hpp"
#include "checker/scenario.hpp"
#include "parker.hpp"
#include "runtime_state.hpp"

namespace charkha::model {

class model_clock final : public detail::time_source {
 public:
  [[nodiscard]] std::int64_t now() const noexcept override { return model::now(); }
};

class parkers final : public detail::waker {
 public:
  void unpark(std::size_t worker) noexcept override { each[worker].unpark(); }
  std::array<detail::parker, 3> each;
};

// A runtime whose workers are threads of the model, and which stops when so many items have run.
class model_runtime {
 public:
  model_runtime(scenario& of, std::size_t workers, int items) : run_(of), left_(items) {
    state_ = new detail::runtime_state({workers, clock_, wake_, nullptr, nullptr, 1, 1});
  }
  ~model_runtime() {
    run_.check(left_.load(std::memory_order_relaxed) == 0, "all that was made ready has run");
    state_->close();
    state_->give_up();
  }
  model_runtime(const model_runtime&) = delete;
  model_runtime& operator=(const model_runtime&) = delete;

  void start() {
    static constexpr std::array names{"worker 0", "worker 1", "worker 2"};
    for (std::size_t i = 0; i < state_->worker_count(); ++i) {
      run_.thread(names[i], [this, i] { serve(i); });
    }
  }
  [[nodiscard]] detail::runtime_state& state() noexcept { return *state_; }
  /// Makes a task as a foreign thread does.
  template <class T>
  [[nodiscard]] task<T> spawn(coro<T> body) {
    return detail::start_task(*state_, std::move(body), {}, std::source_location::current());
  }
  /// One of the items, or tasks, has come to its end.
  void item_ran() noexcept {
    if (left_.fetch_sub(1, std::memory_order_relaxed) == 1) state_->stop();
  }

 private:
  // As thread_driver::serve, without its pauses: a model has no time to pass.
  void serve(std::size_t index) noexcept {
    detail::worker& self = state_->worker_at(index);
    detail::set_current_worker(&self);
    for (bool serving = true; serving;) {
      using enum detail::step_result;
      switch (self.steps()) {
        case ran:
          break;
        case idle:
          yield();
          break;
        case park:
          while (!self.unparked(wake_->each[index].park_until(self.park_deadline()))) {
          }
          break;
        case stopped:
          serving = false;
          break;
      }
    }
    detail::set_current_worker(nullptr);
  }

  scenario& run_;
  model_clock clock_;
  std::shared_ptr<parkers> wake_ = std::make_shared<parkers>();
  detail::runtime_state* state_;
  std::atomic<int> left_;
};

}  // namespace charkha::model
