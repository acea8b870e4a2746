// SPDX-License-Identifier: Apache-2.0
// create_task: makes a coroutine a task of the running runtime.
#pragma once

#include <concepts>
#include <functional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "charkha/coro.hpp"
#include "charkha/task.hpp"
#include "charkha/task_options.hpp"

namespace charkha {

namespace detail {

/// The runtime whose worker the calling thread is. Throws usage_error elsewhere.
[[nodiscard]] executor& current_runtime();

/// The calling thread's worker. Throws usage_error if it is none.
[[nodiscard]] worker_context& calling_worker();

/// Where a task is created: on a worker of the runtime, or outside, and then `here` is null.
struct birthplace {
  birthplace(worker_context& worker) noexcept  // NOLINT(google-explicit-constructor): says it all
      : runtime(worker.owner), here(&worker) {}
  birthplace(executor& home) noexcept;  // NOLINT(google-explicit-constructor): wherever the calling thread is
  executor& runtime;
  worker_context* here;
};

/// Gives the task its context and does what else the options ask for, before anybody else can see it; then enlists it.
/// Throws usage_error for options that do not go together and when the runtime is closed, std::bad_alloc; then the task,
/// of which there is no handle yet, and its body are gone.
void admit(task_block& task, worker_context* here, const task_options& options);
/// Its first turn: queued, or at once. Throws what a spawn hook throws; the task is then over, cancelled.
void begin_task(task_block& task, worker_context* here, const task_options& options);
/// Both. If it throws, the task is gone.
void launch(task_block& task, worker_context* here, const task_options& options);

/// The block of a task that runs `body`, not admitted yet. Throws usage_error if there is no body, std::bad_alloc.
template <class T>
[[nodiscard]] typed_task_block<T>& make_block(executor& runtime, coro<T>& body, const std::source_location& site) {
  if (!body) throw_empty_coro();
  const auto root = coro_access::frame(body);
  auto& block = *new typed_task_block<T>(runtime, root, site);
  root.promise().task = &block;
  root.promise().out = &block.value;
  static_cast<void>(coro_access::release(body));
  return block;
}

/// Makes `body` a task that has not begun: begin_task() is to follow. Throws as make_block() and admit().
template <class T>
[[nodiscard]] task<T> make_task(birthplace at, coro<T>&& body, const task_options& options,
                                const std::source_location& site) {
  auto& block = make_block(at.runtime, body, site);
  admit(block, at.here, options);
  return task_access::adopt(block);
}

/// Makes `body` a task, ready to run.
template <class T>
[[nodiscard]] task<T> start_task(birthplace at, coro<T>&& body, const task_options& options,
                                 const std::source_location& site) {
  auto& block = make_block(at.runtime, body, site);
  launch(block, at.here, options);
  return task_access::adopt(block);
}

template <class T>
struct is_coro : std::false_type {};
template <class T>
struct is_coro<coro<T>> : std::true_type {
  using value_type = T;
};

/// A function that gives a coro when called with moved copies of these arguments.
template <class Function, class... Arguments>
concept coroutine_function =
    is_coro<std::invoke_result_t<std::decay_t<Function>&&, std::decay_t<Arguments>&&...>>::value;

template <class Function, class... Arguments>
using coroutine_result_t =
    typename is_coro<std::invoke_result_t<std::decay_t<Function>&&, std::decay_t<Arguments>&&...>>::value_type;

/// The function and its arguments, kept in this coroutine's frame for as long as the function's coroutine runs.
template <class Function, class... Arguments>
coro<coroutine_result_t<Function, Arguments...>> call_in_frame(Function function, Arguments... arguments) {
  auto body = std::invoke(std::move(function), std::move(arguments)...);
  co_return co_await std::move(body);
}

}  // namespace detail

/// Makes `body` a task and returns its handle at once; the body has not run on the caller's stack (another worker may
/// already be running it). As `asyncio.create_task`.
///
/// On a worker only: elsewhere it throws usage_error, and runtime::spawn does the same from any thread. Throws
/// usage_error if the runtime is shut down, std::bad_alloc; then `body` has not run.
template <class T>
[[nodiscard("dropping the handle detaches the task: say so by a cast to void")]]
task<T> create_task(coro<T> body, const task_options& options = {},
                    const std::source_location& site = std::source_location::current()) {
  return detail::start_task(detail::calling_worker(), std::move(body), options, site);
}

/// Calls `function` with the arguments inside the new task. Function and arguments are moved (or copied) into the
/// task's frame and live as long as it does: captures and temporaries cannot dangle. Takes up to four arguments; use a
/// lambda for more.
// One overload for each number of arguments, since a parameter pack leaves no room for the caller's location.
template <class F>
  requires detail::coroutine_function<F>
[[nodiscard]] auto create_task(F&& function, const task_options& options = {},
                               const std::source_location& site = std::source_location::current()) {
  return create_task(detail::call_in_frame<std::decay_t<F>>(std::forward<F>(function)), options, site);
}
template <class F, class A>
  requires detail::coroutine_function<F, A>
[[nodiscard]] auto create_task(F&& function, A&& a, const task_options& options = {},
                               const std::source_location& site = std::source_location::current()) {
  return create_task(
      detail::call_in_frame<std::decay_t<F>, std::decay_t<A>>(std::forward<F>(function), std::forward<A>(a)), options,
      site);
}
template <class F, class A, class B>
  requires detail::coroutine_function<F, A, B>
[[nodiscard]] auto create_task(F&& function, A&& a, B&& b, const task_options& options = {},
                               const std::source_location& site = std::source_location::current()) {
  return create_task(detail::call_in_frame<std::decay_t<F>, std::decay_t<A>, std::decay_t<B>>(
                         std::forward<F>(function), std::forward<A>(a), std::forward<B>(b)),
                     options, site);
}
template <class F, class A, class B, class C>
  requires detail::coroutine_function<F, A, B, C>
[[nodiscard]] auto create_task(F&& function, A&& a, B&& b, C&& c, const task_options& options = {},
                               const std::source_location& site = std::source_location::current()) {
  return create_task(detail::call_in_frame<std::decay_t<F>, std::decay_t<A>, std::decay_t<B>, std::decay_t<C>>(
                         std::forward<F>(function), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c)),
                     options, site);
}
template <class F, class A, class B, class C, class D>
  requires detail::coroutine_function<F, A, B, C, D>
[[nodiscard]] auto create_task(F&& function, A&& a, B&& b, C&& c, D&& d, const task_options& options = {},
                               const std::source_location& site = std::source_location::current()) {
  return create_task(
      detail::call_in_frame<std::decay_t<F>, std::decay_t<A>, std::decay_t<B>, std::decay_t<C>, std::decay_t<D>>(
          std::forward<F>(function), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d)),
      options, site);
}

}  // namespace charkha
