// SPDX-License-Identifier: Apache-2.0
// timeout and timeout_at: a deadline for a piece of a task.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/clock.hpp"
#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/detail/timer_entry.hpp"
#include "charkha/timeout_error.hpp"

namespace charkha {

namespace detail {

/// From its making to leave(), cancels the task that made it when the deadline passes.
class timeout_scope final : public timer_entry {
 public:
  /// `deadline` in nanoseconds of the runtime's clock. In a task only.
  explicit timeout_scope(std::int64_t deadline);
  ~timeout_scope() { static_cast<void>(leave()); }

  /// Ends the scope. True: the deadline passed, and no other cancel request came, so a cancelled_error that leaves the
  /// body is this scope's own (R44, R45).
  [[nodiscard]] bool leave() noexcept;

  [[nodiscard]] ready_item* expire() noexcept override;
  void finish_expiry() noexcept override;

 private:
  task_core& task_;
  std::uint32_t cancelling_;  // requests that were there before
  bool pending_;              // was one of them undelivered?
  bool expired_ = false;      // guarded by the timer shard's lock until disarmed
  bool left_ = false;
};

template <class Body>
coro<coroutine_result_t<Body>> run_with_deadline(std::int64_t deadline, Body body) {
  timeout_scope scope(deadline);
  auto work = std::invoke(std::move(body));
  try {
    co_return co_await std::move(work);
  } catch (const cancelled_error&) {
    if (!scope.leave()) throw;
  }
  throw timeout_error();
}

/// The deadline that is `duration` from now, on the calling task's clock.
[[nodiscard]] std::int64_t deadline_after(std::chrono::nanoseconds duration);

template <class Body>
coro<coroutine_result_t<Body>> run_with_timeout(std::chrono::nanoseconds duration, Body body) {
  return run_with_deadline(deadline_after(duration), std::move(body));
}

}  // namespace detail

/// Runs `body`, a callable that gives a coro, in the awaiting task, and gives its value. If `duration` passes first, the
/// task is cancelled inside the body, and when that has unwound timeout_error is thrown here. As `asyncio.timeout`.
///
/// The time runs from the call; await it at once: `co_await timeout(1s, [&]() -> coro<> { co_await work(); });`.
/// `body` is kept in a frame until it has ended: captures cannot dangle. Scopes nest: only the one whose deadline
/// passed converts; a cancel request from outside stays cancelled_error. A body that swallows the cancellation and
/// returns gives its value. Zero or less expires at the body's first suspension. Throws what the body throws;
/// std::invalid_argument if `duration` is not a number; usage_error outside a task.
template <class Rep, class Period, class Body>
  requires detail::coroutine_function<Body>
[[nodiscard]] auto timeout(std::chrono::duration<Rep, Period> duration, Body&& body) {
  return detail::run_with_timeout<std::decay_t<Body>>(detail::to_nanoseconds(duration), std::forward<Body>(body));
}

/// As timeout, with a point in time of the runtime's clock. As `asyncio.timeout_at`.
template <class Body>
  requires detail::coroutine_function<Body>
[[nodiscard]] auto timeout_at(clock::time_point deadline, Body&& body) {
  return detail::run_with_deadline<std::decay_t<Body>>(deadline.time_since_epoch().count(), std::forward<Body>(body));
}

}  // namespace charkha
