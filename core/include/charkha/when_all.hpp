// SPDX-License-Identifier: Apache-2.0
// when_all: structured fork-join, the fast way to divide work.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/value_of.hpp"
#include "charkha/detail/when_all_scope.hpp"

namespace charkha {

namespace detail {

template <class... Ts>
class [[nodiscard]] when_all_tuple final : public when_all_scope {
 public:
  explicit when_all_tuple(executor& runtime, coro<Ts>&&... bodies) noexcept
      : children_(typed_child<Ts>{*this, runtime, std::move(bodies)}...) {}

  [[nodiscard]] bool await_ready() const noexcept { return sizeof...(Ts) == 0; }
  template <charkha_promise Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) {
    return fork(*frame.promise().task, frame);
  }
  auto await_resume() {
    join();
    if constexpr ((... && std::is_void_v<Ts>)) {
      return;
    } else {
      return std::apply(
          [](auto&... child) {
            return std::tuple<value_of<Ts>...>{value_from<Ts>([&] { return child.task.value.take(); })...};
          },
          children_);
    }
  }

 private:
  /// Lets std::tuple build a child in place.
  template <class T>
  struct typed_child {
    when_all_scope& scope;
    executor& runtime;
    coro<T> body;
  };
  template <class T>
  struct child_slot {
    child_slot(typed_child<T>&& from) noexcept  // NOLINT(google-explicit-constructor): std::tuple converts
        : task(from.scope, from.runtime, std::move(from.body)) {}
    typed_forked_task<T> task;
  };

  [[nodiscard]] std::size_t child_count() const noexcept override { return sizeof...(Ts); }
  [[nodiscard]] forked_task& child(std::size_t index) noexcept override {
    return std::apply(
        [index](auto&... slots) -> forked_task& {
          const std::array<forked_task*, sizeof...(Ts)> tasks{&slots.task...};
          return *tasks[index];
        },
        children_);
  }

  std::tuple<child_slot<Ts>...> children_;
};

template <class T>
class [[nodiscard]] when_all_vector final : public when_all_scope {
 public:
  when_all_vector(executor& runtime, std::vector<coro<T>> bodies) : count_(bodies.size()) {
    children_ = std::allocator<child_type>().allocate(count_);
    for (std::size_t i = 0; i < count_; ++i) std::construct_at(children_ + i, *this, runtime, std::move(bodies[i]));
  }
  ~when_all_vector() {
    std::destroy_n(children_, count_);
    std::allocator<child_type>().deallocate(children_, count_);
  }

  [[nodiscard]] bool await_ready() const noexcept { return count_ == 0; }
  template <charkha_promise Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) {
    return fork(*frame.promise().task, frame);
  }
  auto await_resume() {
    join();
    if constexpr (std::is_void_v<T>) {
      return;
    } else {
      std::vector<T> values;
      values.reserve(count_);
      for (std::size_t i = 0; i < count_; ++i) values.push_back(children_[i].value.take());
      return values;
    }
  }

 private:
  using child_type = typed_forked_task<T>;

  [[nodiscard]] std::size_t child_count() const noexcept override { return count_; }
  [[nodiscard]] forked_task& child(std::size_t index) noexcept override { return children_[index]; }

  std::size_t count_;
  child_type* children_ = nullptr;
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
