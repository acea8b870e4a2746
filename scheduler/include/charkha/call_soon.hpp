// SPDX-License-Identifier: Apache-2.0
// call_soon, call_later and call_at: plain functions that are called by the runtime.
#pragma once

#include <chrono>
#include <concepts>
#include <source_location>
#include <type_traits>
#include <utility>

#include "charkha/callback_handle.hpp"
#include "charkha/clock.hpp"
#include "charkha/detail/duration.hpp"

namespace charkha {

/// Calls `function()` in a later turn of the running runtime, behind what is ready on this worker; what it schedules
/// runs in the turn after that. Never on the caller's stack. It runs in a copy of the caller's context, outside any task,
/// and must not block; an error that leaves it is reported. As `loop.call_soon`.
///
/// With one worker calls are made in the order in which they were asked for. Throws usage_error on a thread that is no
/// worker (there is runtime::call_soon), std::bad_alloc.
template <std::invocable Function>
callback_handle call_soon(Function&& function,  // NOLINT(modernize-use-nodiscard): most calls are never cancelled
                          const std::source_location& site = std::source_location::current()) {
  auto& here = detail::worker_that_calls();
  return detail::schedule_call(here.owner, &here, detail::scheduled_callback::no_deadline,
                               std::forward<Function>(function), site);
}

/// Calls `function()` after `delay`, in a turn of its own behind what is ready then; zero or less: as soon as timers are
/// looked at. In the order of the deadlines. Otherwise as call_soon. Throws std::invalid_argument if `delay` is not a
/// number. As `loop.call_later`.
template <class Rep, class Period, std::invocable Function>
callback_handle call_later(std::chrono::duration<Rep, Period> delay, Function&& function,  // NOLINT
                           const std::source_location& site = std::source_location::current()) {
  auto& here = detail::worker_that_calls();
  return detail::schedule_call(here.owner, &here,
                               detail::deadline_on(here.owner, &here, detail::to_nanoseconds(delay).count()),
                               std::forward<Function>(function), site);
}

/// Calls `function()` when the runtime's clock reads `when`. Otherwise as call_later. As `loop.call_at`.
template <std::invocable Function>
callback_handle call_at(clock::time_point when, Function&& function,  // NOLINT(modernize-use-nodiscard)
                        const std::source_location& site = std::source_location::current()) {
  auto& here = detail::worker_that_calls();
  return detail::schedule_call(here.owner, &here, when.time_since_epoch().count(), std::forward<Function>(function),
                               site);
}

}  // namespace charkha
