// SPDX-License-Identifier: Apache-2.0
// when_all: structured fork-join, the fast way to divide work.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "charkha/coro.hpp"
#include "charkha/detail/forked_children.hpp"
#include "charkha/detail/value_of.hpp"

namespace charkha {

namespace detail {

template <class... Ts>
class [[nodiscard]] when_all_tuple final : public fork_awaiter<forked_tuple<Ts...>, fork_policy::all> {
 public:
  explicit when_all_tuple(coro<Ts>&&... bodies) noexcept
      : fork_awaiter<forked_tuple<Ts...>, fork_policy::all>(
            typename forked_tuple<Ts...>::bodies(coro_access::release(bodies)...)) {}

  auto await_resume() { return take(std::index_sequence_for<Ts...>()); }

 private:
  template <std::size_t... Index>
  auto take(std::index_sequence<Index...> /*all*/) {
    [[maybe_unused]] auto* children = this->join();
    if constexpr (!(... && std::is_void_v<Ts>)) {
      return std::tuple<value_of<Ts>...>{
          value_from<Ts>([&]() -> Ts { return children->template get<Index>().value.take_value(); })...};
    }
  }
};

template <class T>
class [[nodiscard]] when_all_vector final : public fork_awaiter<forked_array<T>, fork_policy::all> {
 public:
  explicit when_all_vector(std::vector<coro<T>>&& bodies) noexcept
      : fork_awaiter<forked_array<T>, fork_policy::all>(std::move(bodies)) {}

  auto await_resume() {
    [[maybe_unused]] auto* children = this->join();
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> values;
      if (children == nullptr) return values;
      values.reserve(children->child_count());
      for (auto& child : *children) values.push_back(child.value.take_value());
      return values;
    }
  }
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
/// The first error cancels the other children; when all have ended their errors come out, in argument order, as one
/// exception_group. A child that ended cancelled without an error makes the co_await throw cancelled_error. A cancel
/// request of the parent is passed on to the children, to those that have not begun as to those that wait, and thrown when
/// all have ended. As long as one worker computes children that never suspend, that is after no more than 64 of them.
/// Throws std::bad_alloc, before any child has begun. Resumes on the worker that ran the last child.
///
/// Nothing runs, and the parent's context is not copied, before it is awaited. Await it at once:
/// `auto both = co_await when_all(f(), g());`
template <class... Ts>
[[nodiscard]] detail::when_all_tuple<Ts...> when_all(coro<Ts>... bodies) {
  if (!(... && static_cast<bool>(bodies))) detail::throw_empty_coro();
  return detail::when_all_tuple<Ts...>(std::move(bodies)...);
}

/// The same for any number of coros of one type; gives a vector, or nothing for void.
template <class T>
[[nodiscard]] detail::when_all_vector<T> when_all(std::vector<coro<T>> bodies) {
  for (const auto& body : bodies) {
    if (!body) detail::throw_empty_coro();
  }
  return detail::when_all_vector<T>(std::move(bodies));
}

}  // namespace charkha
