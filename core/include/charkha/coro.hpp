// SPDX-License-Identifier: Apache-2.0
// coro<T>: a lazy coroutine. Awaiting one from another is a function call that may suspend; it creates no task.
#pragma once

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/result.hpp"
#include "charkha/detail/trivial_abi.hpp"

namespace charkha {

template <class T = void>
class coro;

namespace detail {

template <class T>
class coro_promise;

template <class T>
class coro_promise_result : public promise_base {
 public:
  template <class U = T>
    requires std::is_convertible_v<U&&, T> || std::is_constructible_v<T, U&&>
  void return_value(U&& value) {
    out->set_value(std::forward<U>(value));
  }
  result<T>* out = nullptr;  // where the end is written: in the awaiter, or in the task's block
};

template <>
class coro_promise_result<void> : public promise_base {
 public:
  void return_void() noexcept { out->set_void(); }
  result<void>* out = nullptr;
};

template <class T>
class coro_promise final : public coro_promise_result<T> {
 public:
  coro<T> get_return_object() noexcept;
  void unhandled_exception() noexcept { this->out->set_error(std::current_exception()); }
};

template <class T>
class coro_awaiter;

[[noreturn]] void throw_empty_coro();

/// A coroutine that no task ever started is about to be destroyed: tells the runtime whose worker this is, if any.
void note_never_awaited() noexcept;

/// What the library, and nobody else, does with a coro: takes its frame, or drops it without a word.
struct coro_access;

}  // namespace detail

/// A lazy coroutine that gives a T: a value, a move-only value, a reference, or nothing.
///
/// Nothing runs until it is awaited (`co_await std::move(c)`, or directly `co_await f()`) or handed to create_task,
/// gather, when_all, runtime::spawn or run. Awaiting transfers control symmetrically: no queue, no atomic operation, no
/// growth of the stack. An exception that leaves the body is thrown at the co_await. It runs as part of the task that
/// awaits it: a cancel request of that task is delivered inside, at its innermost suspension.
///
/// Move-only. A coro that is destroyed before it ran runs nothing (a runtime in debug mode reports that, if it happens
/// on one of its workers); one that is destroyed while suspended destroys its locals. Not thread-safe. The asyncio
/// counterpart is the coroutine object.
template <class T>
class [[nodiscard("a coro does nothing until it is awaited or made a task")]] CHARKHA_TRIVIAL_ABI coro {
 public:
  using promise_type = detail::coro_promise<T>;
  using value_type = T;

  coro(coro&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  coro& operator=(coro&& other) noexcept {
    if (this != &other) {
      destroy();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~coro() { destroy(); }

  /// Does it hold a coroutine, that is, was it neither moved from nor handed over?
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

  /// Throws usage_error if it holds no coroutine.
  detail::coro_awaiter<T> operator co_await() &&;

 private:
  friend detail::coro_promise<T>;
  friend detail::coro_access;
  using handle = std::coroutine_handle<promise_type>;

  explicit coro(handle frame) noexcept : frame_(frame) {}
  void destroy() noexcept {
    if (!frame_) return;
    if (frame_.promise().task == nullptr) detail::note_never_awaited();
    frame_.destroy();
  }

  handle frame_;
};

namespace detail {

template <class T>
coro<T> coro_promise<T>::get_return_object() noexcept {
  return coro<T>(std::coroutine_handle<coro_promise>::from_promise(*this));
}

struct coro_access {
  template <class T>
  [[nodiscard]] static auto release(coro<T>& body) noexcept {
    return std::exchange(body.frame_, nullptr);
  }
  /// Destroys a coroutine that is refused or not needed: that it never ran is no mistake of whoever made it.
  template <class T>
  static void discard(coro<T>& body) noexcept {
    if (const auto frame = release(body)) frame.destroy();
  }
  /// The opposite of release().
  template <class T>
  [[nodiscard]] static coro<T> adopt(std::coroutine_handle<coro_promise<T>> frame) noexcept {
    return coro<T>(frame);
  }
  template <class T>
  [[nodiscard]] static auto frame(const coro<T>& body) noexcept {
    return body.frame_;
  }
};

template <class T>
class [[nodiscard]] coro_awaiter {
 public:
  explicit coro_awaiter(coro<T>&& body) noexcept : body_(std::move(body)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <charkha_promise Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    const auto frame = coro_access::frame(body_);
    auto& promise = frame.promise();
    promise.continuation = caller;
    promise.task = caller.promise().task;
    promise.out = &result_;
    return frame;
  }

  T await_resume() { return result_.take(); }

 private:
  result<T> result_;
  coro<T> body_;
};

}  // namespace detail

template <class T>
detail::coro_awaiter<T> coro<T>::operator co_await() && {
  if (!frame_) detail::throw_empty_coro();
  return detail::coro_awaiter<T>(std::move(*this));
}

}  // namespace charkha
