// SPDX-License-Identifier: Apache-2.0
// to_thread: runs a function that blocks on a thread where that does no harm.
#pragma once

#include <exception>
#include <functional>
#include <new>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "charkha/detail/blocking_job.hpp"
#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/intrusive_ptr.hpp"

namespace charkha {

namespace detail {

/// Does the function take a stop token before its arguments?
template <class Function, class... Arguments>
inline constexpr bool takes_stop_token = std::is_invocable_v<Function&&, std::stop_token, Arguments&&...>;

/// What a moved copy of the function gives for moved copies of its arguments.
template <class Function, class... Arguments>
struct blocking_result : std::invoke_result<Function&&, Arguments&&...> {};
template <class Function, class... Arguments>
  requires takes_stop_token<Function, Arguments...>
struct blocking_result<Function, Arguments...> : std::invoke_result<Function&&, std::stop_token, Arguments&&...> {};

template <class Function, class... Arguments>
concept blocking_function = requires { typename blocking_result<Function, Arguments...>::type; };

/// In the place of a std::stop_source, for functions that take no stop token.
struct no_stop_source {
  void request_stop() const noexcept {}
};

template <class Function, class... Arguments>
class function_job final : public typed_blocking_job<typename blocking_result<Function, Arguments...>::type> {
  using value_type = typename blocking_result<Function, Arguments...>::type;
  static constexpr bool stoppable = takes_stop_token<Function, Arguments...>;

 public:
  template <class F, class... A>
  explicit function_job(std::in_place_t /*not a copy*/, F&& function, A&&... arguments)
      : function_(std::forward<F>(function)), arguments_(std::forward<A>(arguments)...) {}

  void request_stop() noexcept override { stop_.request_stop(); }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* job, std::size_t size) noexcept { deallocate_frame(job, size); }
  // For functions with more than fundamental alignment, which frames do not have.
  static void* operator new(std::size_t size, std::align_val_t alignment) { return ::operator new(size, alignment); }
  static void operator delete(void* job, std::size_t /*size*/, std::align_val_t alignment) noexcept {
    ::operator delete(job, alignment);
  }

 private:
  void call() noexcept override {
    try {
      if constexpr (std::is_void_v<value_type>) {
        invoke();
        this->value.set_void();
      } else {
        this->value.set_value(invoke());
      }
    } catch (...) {
      this->value.set_error(std::current_exception());
    }
  }
  value_type invoke() {
    return std::apply(
        [this](Arguments&... arguments) -> value_type {
          if constexpr (stoppable) {
            return std::invoke(std::move(function_), stop_.get_token(), std::move(arguments)...);
          } else {
            return std::invoke(std::move(function_), std::move(arguments)...);
          }
        },
        arguments_);
  }
  void free_job() noexcept override { delete this; }

  Function function_;
  std::tuple<Arguments...> arguments_;
  [[no_unique_address]] std::conditional_t<stoppable, std::stop_source, no_stop_source> stop_;
};

[[noreturn]] void throw_awaited_twice();

/// The call that has not begun. Can be moved, and awaited once.
template <class T>
class [[nodiscard("the function runs when this is awaited")]] to_thread_awaitable {
 public:
  explicit to_thread_awaitable(intrusive_ptr<typed_blocking_job<T>> job) noexcept : job_(std::move(job)) {}

  /// Throws usage_error if it was awaited or moved from.
  to_thread_awaiter<T> operator co_await() && {
    if (!job_) throw_awaited_twice();
    return to_thread_awaiter<T>(std::move(job_));
  }

 private:
  intrusive_ptr<typed_blocking_job<T>> job_;
};

}  // namespace detail

/// Runs `function` with the arguments on a thread of its own pool, outside the workers, and gives its value or throws
/// its error. For what blocks: files, old libraries, long computations. As `asyncio.to_thread`.
///
/// Nothing runs before the await: `const int n = co_await to_thread(read_some, path);`. It runs in a copy of
/// the task's context. Function and arguments are
/// moved (or copied) when to_thread is called, and the function is called with them as rvalues. If it can be called
/// with a std::stop_token before the arguments, as std::jthread's may, it gets one. Inside it there is no current task:
/// await, create_task and the like throw usage_error there, spawn and get of the runtime work.
///
/// Resumes on any worker of the task's runtime. Cancellation ends the wait at once: a function that has not begun
/// never runs; one that has gets its stop requested (stop callbacks run on the cancelling task's worker) and goes on, on
/// its thread, and its value or error is dropped there. A call that both ended and was cancelled is cancelled.
///
/// runtime_options says how many threads there may be; what comes beyond waits its turn, first in first out. In a
/// simulation there are no threads, see simulation. Throws what the function throws, cancelled_error; usage_error while
/// the runtime shuts down, or when awaited twice; std::system_error when there is no thread and none can be started;
/// std::bad_alloc.
template <class Function, class... Arguments>
  requires detail::blocking_function<std::decay_t<Function>, std::decay_t<Arguments>...>
[[nodiscard("the function runs when this is awaited")]] auto to_thread(Function&& function, Arguments&&... arguments) {
  using job_type = detail::function_job<std::decay_t<Function>, std::decay_t<Arguments>...>;
  using value_type = typename detail::blocking_result<std::decay_t<Function>, std::decay_t<Arguments>...>::type;
  detail::typed_blocking_job<value_type>& job =
      *new job_type(std::in_place, std::forward<Function>(function), std::forward<Arguments>(arguments)...);
  return detail::to_thread_awaitable<value_type>(
      detail::intrusive_ptr<detail::typed_blocking_job<value_type>>::adopt(job));
}

}  // namespace charkha
