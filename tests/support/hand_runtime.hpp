// SPDX-License-Identifier: Apache-2.0
// The real scheduler without its threads: a runtime_state whose workers step when a test says so, whose clock stands
// until it is moved, and whose wake-ups are written down.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "charkha/create_task.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/report.hpp"
#include "charkha/task.hpp"
#include "runtime_state.hpp"

namespace charkha::test {

class hand_runtime final : public detail::waker, public detail::time_source {
 public:
  /// `blocking`: where to_thread goes, if anywhere; the test shuts it down.
  explicit hand_runtime(std::size_t workers, report_handler* reports = nullptr,
                        std::shared_ptr<detail::blocking_executor> blocking = nullptr)
      : hand_runtime(workers, reports, std::move(blocking), false, std::chrono::nanoseconds(0)) {}
  /// In debug mode, with that slow_step.
  hand_runtime(std::size_t workers, report_handler* reports, std::chrono::nanoseconds slow_step)
      : hand_runtime(workers, reports, nullptr, true, slow_step) {}
  ~hand_runtime() {
    state_->close();
    state_->give_up();
  }
  hand_runtime(const hand_runtime&) = delete;
  hand_runtime& operator=(const hand_runtime&) = delete;

  void unpark(std::size_t worker) noexcept override {
    woken.push_back(worker);
    seats_[worker].token = true;
  }
  [[nodiscard]] std::int64_t now() const noexcept override { return now_; }
  void move_clock(std::chrono::nanoseconds by) noexcept { now_ += by.count(); }

  [[nodiscard]] detail::runtime_state& state() noexcept { return *state_; }
  [[nodiscard]] detail::worker& worker(std::size_t index) noexcept { return state_->worker_at(index); }

  /// One step of one worker. A parked one stays parked unless there is a token for him or his deadline has come.
  detail::step_result step(std::size_t index = 0) {
    seat& here = seats_[index];
    if (here.parked) {
      if (!here.token && worker(index).park_deadline() > now_) return detail::step_result::park;
      if (!worker(index).unparked(std::exchange(here.token, false))) return detail::step_result::park;
    }
    detail::worker_context* const outside = detail::current_worker();
    detail::set_current_worker(&worker(index));
    const auto result = worker(index).step();
    detail::set_current_worker(outside);
    here.parked = result == detail::step_result::park;
    return result;
  }
  /// Steps of one worker until it parks. How many of them ran something.
  std::size_t run(std::size_t index = 0) {
    std::size_t ran = 0;
    for (;;) {
      const auto result = step(index);
      if (result == detail::step_result::ran) ++ran;
      if (result == detail::step_result::park || result == detail::step_result::stopped) return ran;
    }
  }
  /// All workers in turn until all of them stay parked.
  void settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (std::size_t i = 0; i < seats_.size(); ++i) busy = step(i) != detail::step_result::park || busy;
    }
  }
  [[nodiscard]] bool is_parked(std::size_t index) const noexcept { return seats_[index].parked; }

  /// Makes a task as a foreign thread does.
  template <class T>
  [[nodiscard]] task<T> spawn(coro<T> body) {
    return detail::start_task(*state_, std::move(body), {}, std::source_location::current());
  }
  /// Makes a task as a task on that worker does.
  template <class T>
  [[nodiscard]] task<T> create_on(std::size_t index, coro<T> body) {
    detail::set_current_worker(&worker(index));
    auto made = detail::start_task(*state_, std::move(body), {}, std::source_location::current());
    detail::set_current_worker(nullptr);
    return made;
  }

  std::vector<std::size_t> woken;  // whom the runtime unparked, in order

 private:
  hand_runtime(std::size_t workers, report_handler* reports, std::shared_ptr<detail::blocking_executor> blocking,
               bool debug, std::chrono::nanoseconds slow_step)
      : seats_(workers),
        state_(new detail::runtime_state({workers, *this, std::shared_ptr<waker>(std::shared_ptr<void>(), this),
                                          reports, nullptr, 1, 1, std::move(blocking), debug, slow_step.count()})) {}

  struct seat {
    bool parked = false;
    bool token = false;
  };
  std::vector<seat> seats_;
  std::int64_t now_ = 1'000'000'000;
  detail::runtime_state* state_;  // frees itself
};

}  // namespace charkha::test
