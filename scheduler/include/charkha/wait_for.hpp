// SPDX-License-Identifier: Apache-2.0
// wait_for: awaits something for a limited time.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <source_location>
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/awaitable.hpp"
#include "charkha/detail/completion_set.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/timeout.hpp"
#include "charkha/timeout_error.hpp"
#include "charkha/wait.hpp"

namespace charkha {

namespace detail {

/// Something that is cancelled, and has taken note of it before it could run.
template <handle_like Handle>
[[nodiscard]] std::remove_cvref_t<Handle> to_cancelled_handle(Handle&& handle, const std::source_location& /*site*/) {
  handle.cancel();
  return std::forward<Handle>(handle);
}
template <awaitable Awaitable>
  requires(!handle_like<Awaitable>)
[[nodiscard]] auto to_cancelled_handle(Awaitable&& what, const std::source_location& site) {
  worker_context& here = calling_worker();
  auto handle = make_task(here, to_coro(std::forward<Awaitable>(what)), {}, site);
  handle.cancel();
  begin_task(task_access::block(handle), &here, {});
  return handle;
}

template <class Awaitable>
coro<awaited_value_t<Awaitable>> await_without_time(Awaitable what, std::source_location site) {
  if constexpr (handle_like<Awaitable>) {
    if (what.done()) co_return co_await std::move(what);
    const auto& core = handle_access::core(what);
    if (&core.home() != &current_runtime()) throw_foreign("wait_for", core);  // before it is cancelled
  }
  auto set = completion_set::make(current_runtime(), 1, settle_when::all_completed, false);
  auto handle = to_cancelled_handle(std::move(what), site);
  set->set_child(0, handle_access::shared(handle));
  set->start(false, "wait_for");
  co_await timed_completion_wait(std::move(set), std::chrono::nanoseconds::max(), "wait_for");
  try {
    co_return co_await std::move(handle);
  } catch (const cancelled_error&) {
    std::throw_with_nested(timeout_error());
  }
}

template <class Awaitable>
coro<awaited_value_t<Awaitable>> await_for(std::optional<std::chrono::nanoseconds> limit, Awaitable what,
                                           std::source_location site) {
  if (!limit) co_return co_await std::move(what);
  if (limit->count() <= 0) {
    auto at_once = await_without_time<Awaitable>(std::move(what), site);
    co_return co_await std::move(at_once);
  }
  auto within = timeout(*limit, await_in_frame<Awaitable>(std::move(what)));
  co_return co_await std::move(within);
}

}  // namespace detail

/// Awaits a task, a future, a coro or whatever else can be awaited, and gives its value; if `duration` passes first,
/// cancels it, waits until it has ended, and throws timeout_error. As `asyncio.wait_for`.
///
/// What gives a value in spite of the cancellation gives it here; an error from its clean-up is thrown instead of
/// timeout_error. A cancel request from outside is passed on and stays cancelled_error; it is never lost. The time runs
/// from the await. Zero or less: something that is done gives its value, a coro never begins, a task is cancelled and
/// waited for. Protect with shield() what is to go on. Throws std::invalid_argument if `duration` is not a number.
template <class Rep, class Period, detail::awaitable Awaitable>
[[nodiscard]] auto wait_for(Awaitable&& what, std::chrono::duration<Rep, Period> duration,
                            const std::source_location& site = std::source_location::current()) {
  return detail::await_for<std::remove_cvref_t<Awaitable>>(detail::to_nanoseconds(duration),
                                                           std::forward<Awaitable>(what), site);
}
/// The same without a limit: a plain await, for programs in which the limit is optional.
template <detail::awaitable Awaitable>
[[nodiscard]] auto wait_for(Awaitable&& what, std::nullopt_t /*no limit*/,
                            const std::source_location& site = std::source_location::current()) {
  return detail::await_for<std::remove_cvref_t<Awaitable>>(std::nullopt, std::forward<Awaitable>(what), site);
}

}  // namespace charkha
