// SPDX-License-Identifier: Apache-2.0
// to_std_future and from_std_future: bridges between tasks and code that knows std::future.
#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/coro.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/ready_item.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/detail/waiter_list.hpp"
#include "charkha/task.hpp"
#include "charkha/to_thread.hpp"

namespace charkha {

namespace detail {

/// Waits for a task's end and hands it over to a std::promise. Frees itself then: every task ends, at the latest when
/// its runtime is torn down. The task's block is kept until then, and by it this.
template <class T>
class future_bridge final : public waiter, public ready_item {
 public:
  /// Takes over a new bridge and returns its future.
  [[nodiscard]] static std::future<T> connect(task<T> from) {
    auto& bridge = *new future_bridge(std::move(from));
    auto given = bridge.promise_.get_future();
    if (!bridge.block().waiters.add(bridge)) bridge.settle();
    return given;
  }

  [[nodiscard]] ready_item* completed() noexcept override { return this; }
  void run(worker_context& /*worker*/) noexcept override { settle(); }
  void discard() noexcept override { settle(); }

 private:
  explicit future_bridge(task<T>&& from) : task_(std::move(from)) { static_cast<void>(task_access::block(task_)); }
  ~future_bridge() = default;

  [[nodiscard]] typed_task_block<T>& block() const { return task_access::block(task_); }

  // The value is copied or moved here, and that may throw: then what it threw is the result.
  void settle() noexcept {
    try {
      fulfil();
    } catch (...) {
      promise_.set_exception(std::current_exception());
    }
    delete this;
  }
  void fulfil() {
    auto& ended = block();
    ended.mark_retrieved();
    if constexpr (std::is_void_v<T>) {
      ended.value.peek();
      promise_.set_value();
    } else if constexpr (std::is_object_v<T> && std::is_copy_constructible_v<T>) {
      if (ended.is_sole_reference()) {
        promise_.set_value(ended.value.take());
      } else {
        // Not in set_value: ThreadSanitizer loses its way when an exception leaves the std::call_once in there.
        T copy(ended.value.peek());
        promise_.set_value(std::move(copy));
      }
    } else {
      promise_.set_value(ended.value.take());
    }
  }

  task<T> task_;
  std::promise<T> promise_;
};

/// How long a thread waits for a std::future before it looks whether its task was cancelled: nothing can wake it.
inline constexpr std::chrono::milliseconds std_future_patience{50};

/// Waits for the future on a thread of the pool.
template <class T>
class future_getter {
 public:
  explicit future_getter(std::future<T>&& from) noexcept : from_(std::move(from)) {}
  T operator()(const std::stop_token& stop) {
    while (from_.wait_for(std_future_patience) == std::future_status::timeout) {
      if (stop.stop_requested()) throw cancelled_error();
    }
    return from_.get();
  }

 private:
  std::future<T> from_;
};

[[noreturn]] void throw_no_std_future();

}  // namespace detail

/// A std::future for the end of `from`: for code that knows nothing of charkha. As `asyncio.run_coroutine_threadsafe`,
/// with runtime::spawn: `std::future<reply> f = to_std_future(rt.spawn(handle(request)));`.
///
/// It gives the task's value (copied, or moved if nobody else has a handle or T cannot be copied), or throws its error,
/// cancelled_error if it was cancelled or destroyed with its runtime. Dropping the std::future does not cancel the task
/// and does not wait for it; keep a handle to cancel it. A std::future that is waited for on a worker blocks the worker.
/// From any thread. Throws usage_error for an empty handle, std::bad_alloc.
template <class T>
[[nodiscard]] std::future<T> to_std_future(task<T> from) {
  return detail::future_bridge<T>::connect(std::move(from));
}

/// Waits for a std::future and gives its value or throws its error.
///
/// A std::future can only be waited for by blocking, so this takes a thread of to_thread's pool for as long as the wait
/// lasts: for a few, not for thousands. Cancellation ends the wait at once, and the thread notices within 50 ms; the
/// std::future is destroyed then. In a simulation the future must be made ready by something outside. Throws
/// usage_error if `from` has no state, what to_thread throws, and what the future throws.
template <class T>
[[nodiscard]] coro<T> from_std_future(std::future<T> from) {
  if (!from.valid()) detail::throw_no_std_future();
  detail::future_getter<T> wait(std::move(from));
  co_return co_await to_thread(std::move(wait));
}

}  // namespace charkha
