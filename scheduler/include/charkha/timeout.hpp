// SPDX-License-Identifier: Apache-2.0
// timeout and timeout_at: a deadline for a piece of a task, when the scope itself is not needed.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "charkha/clock.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/detail/scope_body.hpp"
#include "charkha/timeout_scope.hpp"

namespace charkha {

/// Runs `body` under a deadline, a point in time of the runtime's clock or std::nullopt for none, in the awaiting task,
/// and gives its value. As `asyncio.timeout_at`.
///
/// `body` is a coro, or a callable that gives one, with the timeout_scope as its argument or without:
/// `co_await timeout_at(deadline, read(socket));`, `co_await timeout_at(deadline, [&]() -> coro<> { ... });`. It is kept
/// in a frame until it has ended: captures cannot dangle. If the deadline passes first, the task is cancelled inside the
/// body, and when that has unwound timeout_error is thrown here; see timeout_scope. Throws what the body throws;
/// usage_error outside a task.
template <class Body>
  requires detail::scope_body<Body, timeout_scope>
[[nodiscard]] auto timeout_at(std::optional<clock::time_point> deadline, Body&& body) {
  return detail::run_with_deadline([deadline]() noexcept { return timeout_scope(deadline); }, std::forward<Body>(body));
}

/// The same, `duration` from now: the time runs from the call, so await it at once. Zero or less expires at the body's
/// first suspension. On a worker only: elsewhere it throws usage_error. Throws std::invalid_argument if `duration` is
/// not a number. As `asyncio.timeout`.
template <class Rep, class Period, class Body>
  requires detail::scope_body<Body, timeout_scope>
[[nodiscard]] auto timeout(std::chrono::duration<Rep, Period> duration, Body&& body) {
  return detail::run_with_deadline(
      [deadline = detail::deadline_after(detail::to_nanoseconds(duration))]() noexcept {
        return timeout_scope(deadline);
      },
      std::forward<Body>(body));
}

/// The same without a deadline, for programs in which it is optional.
template <class Body>
  requires detail::scope_body<Body, timeout_scope>
[[nodiscard]] auto timeout(std::nullopt_t, Body&& body) {
  return timeout_at(std::nullopt, std::forward<Body>(body));
}

}  // namespace charkha
