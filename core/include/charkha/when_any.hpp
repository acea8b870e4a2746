// SPDX-License-Identifier: Apache-2.0
// when_any: structured race. The first child that has a value wins, the others are cancelled.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "charkha/coro.hpp"
#include "charkha/detail/forked_children.hpp"
#include "charkha/detail/value_of.hpp"

namespace charkha {

/// Which child of a when_any has won, and what it gave.
template <class Value>
struct when_any_result {
  when_any_result(std::size_t winner, Value&& won) : index(winner), value(std::forward<Value>(won)) {}

  std::size_t index;  ///< of the winner, in argument order, from 0
  Value value;
};

namespace detail {

[[noreturn]] void throw_no_children();

/// What stands for a T in a variant, which can hold neither void nor a reference.
template <class T>
using alternative_of =
    std::conditional_t<std::is_reference_v<T>, std::reference_wrapper<std::remove_reference_t<T>>, value_of<T>>;

template <class... Ts>
class [[nodiscard]] when_any_tuple final : public fork_awaiter<forked_tuple<Ts...>, fork_policy::any> {
  using variant = std::variant<alternative_of<Ts>...>;

 public:
  explicit when_any_tuple(coro<Ts>&&... bodies) noexcept
      : fork_awaiter<forked_tuple<Ts...>, fork_policy::any>(
            typename forked_tuple<Ts...>::bodies(coro_access::release(bodies)...)) {}

  when_any_result<variant> await_resume() { return take(*this->join(), std::index_sequence_for<Ts...>()); }

 private:
  template <std::size_t... Index>
  static when_any_result<variant> take(forked_tuple<Ts...>& children, std::index_sequence<Index...> /*all*/) {
    std::optional<variant> won;
    (take_if_won<Index, Ts>(children.template get<Index>(), children.winner(), won), ...);
    return {won->index(), std::move(*won)};
  }
  template <std::size_t Index, class T>
  static void take_if_won(typed_forked_task<T>& child, const forked_task& winner, std::optional<variant>& won) {
    if (&child != &winner) return;
    if constexpr (std::is_void_v<T>) {
      won.emplace(std::in_place_index<Index>);
    } else {
      won.emplace(std::in_place_index<Index>, child.value.take());
    }
  }
};

template <class T>
class [[nodiscard]] when_any_vector final : public fork_awaiter<forked_array<T>, fork_policy::any> {
 public:
  explicit when_any_vector(std::vector<coro<T>>&& bodies) noexcept
      : fork_awaiter<forked_array<T>, fork_policy::any>(std::move(bodies)) {}

  when_any_result<value_of<T>> await_resume() {
    auto& children = *this->join();
    auto* won = children.begin();
    while (won != &children.winner()) ++won;
    return {static_cast<std::size_t>(won - children.begin()), value_from<T>([&]() -> T { return won->value.take(); })};
  }
};

}  // namespace detail

/// Runs the coros as child tasks, side by side. The first that ends with a value wins, the others are cancelled, and
/// when all have ended it gives a when_any_result: the winner's index, and a std::variant with its value there
/// (std::monostate for void, std::reference_wrapper for a reference). At least one.
///
/// Structured, as when_all, with the same children: the first one runs at once on this worker, so if it never suspends
/// it wins and the others never begin. A loser is given the time to clean up. What losers give is dropped, errors as
/// well, before and after there is a winner. If no child has a value, all errors come out as one exception_group;
/// without an error (every child ended cancelled) it throws cancelled_error. A cancel request of the parent is passed on
/// to the children and thrown when all have ended; a value is dropped then. Resumes on the worker that ran the last
/// child. Nothing runs before it is awaited. Await it at once: `const auto first = co_await when_any(f(), g());`
///
/// asyncio's counterpart is `wait(..., return_when=FIRST_COMPLETED)` followed by cancelling and awaiting what is pending.
template <class... Ts>
  requires(sizeof...(Ts) > 0)
[[nodiscard]] detail::when_any_tuple<Ts...> when_any(coro<Ts>... bodies) {
  if (!(... && static_cast<bool>(bodies))) detail::throw_empty_coro();
  return detail::when_any_tuple<Ts...>(std::move(bodies)...);
}

/// The same for any number of coros of one type; gives the value itself (std::monostate for void). Throws usage_error if
/// there are none: nobody could win.
template <class T>
[[nodiscard]] detail::when_any_vector<T> when_any(std::vector<coro<T>> bodies) {
  if (bodies.empty()) detail::throw_no_children();
  for (const auto& body : bodies) {
    if (!body) detail::throw_empty_coro();
  }
  return detail::when_any_vector<T>(std::move(bodies));
}

}  // namespace charkha
