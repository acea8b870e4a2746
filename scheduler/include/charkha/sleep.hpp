// SPDX-License-Identifier: Apache-2.0
// sleep and sleep_until: suspends the task for a while.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "charkha/clock.hpp"
#include "charkha/coro.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/timer_entry.hpp"
#include "charkha/detail/wait_operation.hpp"

namespace charkha {

namespace detail {

class [[nodiscard]] sleep_awaiter final : public wait_operation, public timer_entry {
 public:
  enum class mode : std::uint8_t { after, until };

  sleep_awaiter(std::chrono::nanoseconds time, mode how) noexcept : mode_(how), time_(time.count()) {}
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

  mode mode_;
  std::int64_t time_;  // nanoseconds, meaning as mode_ says
};

/// What sleep() returns: can be moved, and handed to gather or create_task, until it is awaited.
class [[nodiscard("a sleep that is not awaited takes no time")]] sleeping {
 public:
  sleeping(std::chrono::nanoseconds time, sleep_awaiter::mode how) noexcept : time_(time), mode_(how) {}
  sleep_awaiter operator co_await() const noexcept { return {time_, mode_}; }

 private:
  std::chrono::nanoseconds time_;
  sleep_awaiter::mode mode_;
};

template <class T>
coro<T> sleep_and_give(std::chrono::nanoseconds time, T value) {
  co_await sleeping(time, sleep_awaiter::mode::after);
  co_return std::move(value);
}

}  // namespace detail

/// Suspends the task for at least `duration`; zero or less gives up exactly one turn, behind everything that is ready.
/// As `asyncio.sleep`.
///
/// Never early; late by at most a microsecond and the time to get a worker. Longer than about 292 years is for ever.
/// Resumes on the worker on which the timer fires. Cancellation ends it at once. Throws cancelled_error;
/// std::invalid_argument if `duration` is not a number. In a task only.
template <class Rep, class Period>
[[nodiscard]] detail::sleeping sleep(std::chrono::duration<Rep, Period> duration) {
  return {detail::to_nanoseconds(duration), detail::sleep_awaiter::mode::after};
}

/// The same, and gives `value`, which is moved into the sleep.
template <class Rep, class Period, class T>
[[nodiscard]] coro<std::decay_t<T>> sleep(std::chrono::duration<Rep, Period> duration, T&& value) {
  return detail::sleep_and_give<std::decay_t<T>>(detail::to_nanoseconds(duration), std::forward<T>(value));
}

/// Suspends the task until the runtime's clock reads `deadline`; a deadline that is past gives up one turn. As sleep
/// otherwise.
[[nodiscard]] inline detail::sleeping sleep_until(clock::time_point deadline) noexcept {
  return {deadline.time_since_epoch(), detail::sleep_awaiter::mode::until};
}

}  // namespace charkha
