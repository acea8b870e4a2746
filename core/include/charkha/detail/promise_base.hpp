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

/// Stands for an awaiter that lives elsewhere: g++ 12 copies an awaiter that await_transform returns by reference.
template <class Awaiter>
class awaiter_reference {
 public:
  explicit awaiter_reference(Awaiter& awaiter) noexcept : awaiter_(awaiter) {}
  [[nodiscard]] bool await_ready() const { return awaiter_.await_ready(); }
  template <charkha_promise Promise>
  auto await_suspend(std::coroutine_handle<Promise> frame) const {
    return awaiter_.await_suspend(frame);
  }
  decltype(auto) await_resume() const { return awaiter_.await_resume(); }

 private:
  Awaiter& awaiter_;
};

class promise_base {
 public:
  struct final_awaiter {
    final_awaiter() noexcept = default;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <charkha_promise Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) const noexcept {
      auto& promise = frame.promise();
      // The body of a generator always has somebody to go back to.
      if constexpr (requires { promise.out->kind(); }) {
        if (!promise.continuation) return promise.task->ended(promise.out->kind());
      }
      return promise.continuation;
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }

  template <class Awaitable>
  decltype(auto) await_transform(Awaitable&& awaitable) const noexcept {
    using given = decltype(get_awaiter(std::forward<Awaitable>(awaitable)));
    static_assert(!foreign_awaiter<std::remove_reference_t<given>>,
                  "this awaitable belongs to another coroutine library: it would resume the task outside its runtime. "
                  "Hand the result over through a charkha awaitable instead");
    // Some take note of their task even when it does not have to wait.
    if constexpr (requires { awaitable.awaited_by(*task); }) awaitable.awaited_by(*task);
    if constexpr (std::is_reference_v<given>) {
      return awaiter_reference<std::remove_reference_t<given>>(awaitable);
    } else {
      return std::forward<Awaitable>(awaitable);
    }
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { deallocate_frame(frame, size); }

  std::coroutine_handle<> continuation;  // the coroutine that awaits this one; null for a task's outermost
  task_core* task = nullptr;             // set before the first resumption
};

}  // namespace charkha::detail
