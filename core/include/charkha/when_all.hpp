// SPDX-License-Identifier: Apache-2.0
// when_all: structured fork-join, the fast way to divide work.
#pragma once

#include <coroutine>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/forked_children.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/value_of.hpp"

namespace charkha {

namespace detail {

template <class... Ts>
class [[nodiscard]] when_all_tuple {
 public:
  explicit when_all_tuple(executor& runtime, coro<Ts>&&... bodies)
      : children_(fork_policy::all, runtime, std::move(bodies)...) {}

  [[nodiscard]] bool await_ready() const noexcept { return sizeof...(Ts) == 0; }
  template <charkha_promise Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) {
    return children_.fork(*frame.promise().task, frame);
  }
  auto await_resume() {
    children_.join();
    if constexpr ((... && std::is_void_v<Ts>)) {
      return;
    } else {
      return children_.apply([](auto&... child) {
        return std::tuple<value_of<Ts>...>{value_from<Ts>([&] { return child.value.take(); })...};
      });
    }
  }

 private:
  forked_tuple<Ts...> children_;
};

template <class T>
class [[nodiscard]] when_all_vector {
 public:
  when_all_vector(executor& runtime, std::vector<coro<T>> bodies)
      : children_(fork_policy::all, runtime, std::move(bodies)) {}

  [[nodiscard]] bool await_ready() const noexcept { return children_.child_count() == 0; }
  template <charkha_promise Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) {
    return children_.fork(*frame.promise().task, frame);
  }
  auto await_resume() {
    children_.join();
    if constexpr (std::is_void_v<T>) {
      return;
    } else {
      std::vector<T> values;
      values.reserve(children_.child_count());
      for (auto& child : children_) values.push_back(child.value.take());
      return values;
    }
  }

 private:
  forked_array<T> children_;
};

}  // namespace detail

/// Runs the coros as child tasks, side by side, and gives their values in argument order: a tuple (std::monostate for
/// void), or nothing if all are void.
///
/// Structured: the children live in the parent's awaiter and have all ended when the co_await returns or throws. Depth
/// first: the first child runs at once on this worker, the others wait on its fork deque where idle workers take the
/// last one first; that makes it the fast way to divide work, and an unfair one: for tasks that should take turns use
/// gather. Each child is a task of its own, with its own cancel state.
///
/// The first error cancels the other children; when all have ended their errors come out as one exception_group. A
/// child that ended cancelled without an error makes the co_await throw cancelled_error. A cancel request of the parent
/// is passed on to the children and thrown when all have ended. Resumes on the worker that ran the last child.
/// On a worker only. Await it at once: `auto both = co_await when_all(f(), g());`
template <class... Ts>
[[nodiscard]] detail::when_all_tuple<Ts...> when_all(coro<Ts>... bodies) {
  if (!(... && static_cast<bool>(bodies))) detail::throw_empty_coro();
  return detail::when_all_tuple<Ts...>(detail::current_runtime(), std::move(bodies)...);
}

/// The same for any number of coros of one type; gives a vector, or nothing for void.
template <class T>
[[nodiscard]] detail::when_all_vector<T> when_all(std::vector<coro<T>> bodies) {
  for (const auto& body : bodies) {
    if (!body) detail::throw_empty_coro();
  }
  return detail::when_all_vector<T>(detail::current_runtime(), std::move(bodies));
}

}  // namespace charkha
