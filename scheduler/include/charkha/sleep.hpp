// SPDX-License-Identifier: Apache-2.0
// sleep and sleep_until: suspends the task for a while.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <string_view>

#include "charkha/clock.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/timer_entry.hpp"
#include "charkha/detail/wait_operation.hpp"

namespace charkha {

namespace detail {

class [[nodiscard]] sleep_awaiter final : public wait_operation, public timer_entry {
 public:
  enum class mode : std::uint8_t { after, until };

  sleep_awaiter(std::chrono::nanoseconds time, mode how) noexcept : time_(time.count()), mode_(how) {}
  ~sleep_awaiter();

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) noexcept {
    return wait(*frame.promise().task, frame);
  }
  void await_resume();

  [[nodiscard]] std::string_view describe() const noexcept override { return "sleep"; }
  [[nodiscard]] ready_item* expire() noexcept override;

 private:
  bool wait(task_core& self, std::coroutine_handle<> frame) noexcept;

  std::int64_t time_;  // nanoseconds, meaning as mode_ says
  mode mode_;
};

}  // namespace detail

/// Suspends the task for at least `duration`; zero or less gives up exactly one turn, behind everything that is ready.
/// As `asyncio.sleep`.
///
/// Never early; late by at most a microsecond and the time to get a worker. Longer than about 292 years is for ever.
/// Resumes on the worker on which the timer fires. Cancellation ends it at once. Throws cancelled_error;
/// std::invalid_argument if `duration` is not a number. In a task only.
template <class Rep, class Period>
[[nodiscard]] detail::sleep_awaiter sleep(std::chrono::duration<Rep, Period> duration) {
  return {detail::to_nanoseconds(duration), detail::sleep_awaiter::mode::after};
}

/// Suspends the task until the runtime's clock reads `deadline`; a deadline that is past gives up one turn. As sleep
/// otherwise.
[[nodiscard]] inline detail::sleep_awaiter sleep_until(clock::time_point deadline) noexcept {
  return {deadline.time_since_epoch(), detail::sleep_awaiter::mode::until};
}

}  // namespace charkha
