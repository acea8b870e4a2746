// SPDX-License-Identifier: Apache-2.0
// generator<T>: a coroutine that gives many values, one each time it is asked, and may await in between.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include "charkha/detail/generator_core.hpp"

namespace charkha {

template <class T>
class generator;

namespace detail {

/// Keeps a copy of an lvalue that was yielded until the next item is asked for.
template <class T>
class [[nodiscard]] copied_item;

template <class T>
class generator_promise final : public generator_promise_base {
  static constexpr bool by_value = std::is_object_v<T> && !std::is_const_v<T>;

 public:
  generator<T> get_return_object() noexcept;

  co_yield_awaiter yield_value(T&& value) noexcept
    requires by_value
  {
    item = std::addressof(value);
    return co_yield_awaiter(*this);
  }
  copied_item<T> yield_value(const T& value)
    requires(by_value && std::copy_constructible<T>)
  {
    return copied_item<T>(*this, value);
  }
  co_yield_awaiter yield_value(T& value) noexcept
    requires(!by_value)
  {
    item = std::addressof(value);
    return co_yield_awaiter(*this);
  }

  std::add_pointer_t<T> item = nullptr;
};

template <class T>
class copied_item {
 public:
  copied_item(generator_promise<T>& promise, const T& value) : promise_(promise), value_(value) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> body) noexcept {
    promise_.item = std::addressof(value_);
    return co_yield_awaiter(promise_).await_suspend(body);
  }
  void await_resume() const { co_yield_awaiter(promise_).await_resume(); }

 private:
  generator_promise<T>& promise_;
  T value_;
};

template <class T>
class [[nodiscard]] next_awaiter final : public generator_turn {
 public:
  explicit next_awaiter(generator_core& of) noexcept : generator_turn(of) {}
  [[nodiscard]] bool await_ready() { return !enter(); }
  template <charkha_promise Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return advance(*caller.promise().task, caller);
  }
  std::add_pointer_t<T> await_resume() {
    std::add_pointer_t<T> item = nullptr;
    std::exception_ptr error;
    if (ran() && came_to_yield(error)) item = static_cast<generator_promise<T>&>(promise()).item;
    leave();
    if (error) std::rethrow_exception(std::move(error));
    return item;
  }
};

}  // namespace detail

/// A coroutine with co_yield, and co_await, in its body, that gives any number of T. As an asynchronous generator of
/// Python.
///
///     generator<int> count(int last) {
///       for (int i = 1; i <= last; ++i) {
///         co_await sleep(1s);
///         co_yield i;
///       }
///     }
///     auto numbers = count(10);
///     while (auto* number = co_await numbers.next()) use(*number);
///
/// Lazy: nothing runs until the first next(), and then only as far as the next co_yield. The body runs as part of the
/// task that awaits next(): an await inside suspends that task, and a cancel request of it is delivered there, at the
/// innermost suspension. A co_yield is none. Control passes by symmetric transfer: no queue, no allocation for an item,
/// no growth of the stack. Several tasks may advance a generator one after the other, on any worker; not two at a time.
///
/// What the body yields
///   generator<T>         an rvalue is handed over as it is, an lvalue is copied. The consumer may change it or move it out.
///   generator<const T>   nothing is copied: the consumer sees the body's own value.
///   generator<T&>        lvalues only; the consumer may change them.
/// An item lives inside the generator, until the next next(), close() or the generator's end.
///
/// Move-only, but not to be moved or destroyed while next() or close() is awaited. A generator that is destroyed before
/// it ran runs nothing; one that is suspended at a co_yield destroys its locals and parameters, so that closing happens
/// at the end of the scope. Clean-up that has to await needs close(). Pass a generator to another one by value to build
/// pipelines: `squares(count(10))`.
///
/// g++ 12 compiles `while (auto* item = co_await ...)` correctly; it does not compile correctly a condition that declares
/// nothing, in a coroutine without local variables, and `co_yield point{...}` of an aggregate with members that have
/// destructors: name the aggregate first, `co_yield std::move(p)`, let a function make it, or give it a constructor.
template <class T>
class [[nodiscard("a generator does nothing until its next() is awaited")]] generator : private detail::generator_core {
  static_assert(std::is_object_v<T> || std::is_lvalue_reference_v<T>, "a generator gives values or lvalue references");

 public:
  using promise_type = detail::generator_promise<T>;
  using value_type = std::remove_cvref_t<T>;
  using pointer = std::add_pointer_t<T>;

  /// A generator that was moved from can only be assigned to and destroyed: the rest throws usage_error.
  generator(generator&&) noexcept = default;
  generator& operator=(generator&&) noexcept = default;
  ~generator() = default;

  /// Awaiting it runs the body to its next co_yield and gives a pointer to the item; null when the body has ended, and
  /// ever after. Throws what the body throws, after which it has ended. Throws usage_error if next() or close() is being
  /// awaited already, by this task or another. Resumes wherever the body's last await did.
  /// Python's `__anext__`, `anext()`, `async for`.
  [[nodiscard]] detail::next_awaiter<T> next() & noexcept { return detail::next_awaiter<T>(*this); }
  void next() && = delete;  // the item would be gone before it can be used

  /// Awaiting it ends the generator: generator_exit is thrown at the co_yield where the body is suspended, and the body
  /// may clean up, with awaits as well. Returns when it has ended, by return or by generator_exit; other errors come out
  /// here. Throws usage_error if the body yields again instead, after destroying it; and if next() or close() is being
  /// awaited already. A generator that never ran, or has ended, is closed without running anything.
  /// Python's `aclose()`. (An await is not allowed inside a catch block: note there what has to be done, do it after.)
  [[nodiscard]] detail::close_awaiter close() & noexcept { return detail::close_awaiter(*this); }
  void close() && = delete;

 private:
  friend promise_type;
  explicit generator(promise_type& promise) noexcept
      : generator_core(std::coroutine_handle<promise_type>::from_promise(promise), promise) {}
};

namespace detail {

template <class T>
generator<T> generator_promise<T>::get_return_object() noexcept {
  return generator<T>(*this);
}

}  // namespace detail
}  // namespace charkha
