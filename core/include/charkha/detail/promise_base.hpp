// SPDX-License-Identifier: Apache-2.0
// What the promises of all coroutines share: which task they belong to and who awaits them.
#pragma once

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/task_core.hpp"
#include "charkha/detail/this_thread.hpp"

namespace charkha::detail {

class promise_base;

template <class Promise>
concept charkha_promise = std::derived_from<Promise, promise_base>;

template <class Awaitable>
decltype(auto) get_awaiter(Awaitable&& awaitable) {
  if constexpr (requires { std::forward<Awaitable>(awaitable).operator co_await(); }) {
    return std::forward<Awaitable>(awaitable).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<Awaitable>(awaitable)); }) {
    return operator co_await(std::forward<Awaitable>(awaitable));
  } else {
    return std::forward<Awaitable>(awaitable);
  }
}

/// Suspends with any coroutine handle: made for another library, and would resume our frame behind the scheduler's back.
template <class Awaiter>
concept foreign_awaiter = requires(Awaiter& awaiter, std::coroutine_handle<> frame) { awaiter.await_suspend(frame); };

class promise_base {
 public:
  struct final_awaiter {
    final_awaiter() noexcept = default;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <charkha_promise Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) const noexcept {
      promise_base& promise = frame.promise();
      if (promise.continuation) return promise.continuation;
      return promise.task->at_end(*current_worker());
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }

  template <class Awaitable>
  Awaitable&& await_transform(Awaitable&& awaitable) const noexcept {
    using awaiter = std::remove_reference_t<decltype(get_awaiter(std::forward<Awaitable>(awaitable)))>;
    static_assert(!foreign_awaiter<awaiter>,
                  "this awaitable belongs to another coroutine library: it would resume the task outside its runtime. "
                  "Hand the result over through a charkha awaitable instead");
    return std::forward<Awaitable>(awaitable);
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { deallocate_frame(frame, size); }

  std::coroutine_handle<> continuation;  // the coroutine that awaits this one; null for a task's outermost
  task_core* task = nullptr;             // set before the first resumption
};

}  // namespace charkha::detail
