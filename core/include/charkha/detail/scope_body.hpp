// SPDX-License-Identifier: Apache-2.0
// What a scope that must await at its end (a time-out, a task group) runs: a coro, or a callable that gives one, with
// the scope as its argument or without.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"

namespace charkha::detail {

template <class Body, class Scope>
struct scope_body_traits {};

template <class T, class Scope>
struct scope_body_traits<coro<T>, Scope> {
  using value_type = T;
  static coro<T> start(coro<T>& body, Scope& /*scope*/) noexcept { return std::move(body); }
};

template <class Function, class Scope>
  requires is_coro<std::invoke_result_t<Function&&, Scope&>>::value
struct scope_body_traits<Function, Scope> {
  using result = std::invoke_result_t<Function&&, Scope&>;
  using value_type = typename result::value_type;
  static result start(Function& body, Scope& scope) { return std::invoke(std::move(body), scope); }
};

template <class Function, class Scope>
  requires(!std::invocable<Function &&, Scope&>) && coroutine_function<Function>
struct scope_body_traits<Function, Scope> {
  using result = std::invoke_result_t<Function&&>;
  using value_type = typename result::value_type;
  static result start(Function& body, Scope& /*scope*/) { return std::invoke(std::move(body)); }
};

/// What the body gives.
template <class Body, class Scope>
using scope_value_t = typename scope_body_traits<std::decay_t<Body>, Scope>::value_type;

template <class Body, class Scope>
concept scope_body = requires { typename scope_value_t<Body, Scope>; };

/// The body's coro. The body itself must stay where it is until that has ended: it may be a lambda with captures.
template <class Body, class Scope>
[[nodiscard]] auto start_body(Body& body, Scope& scope) {
  return scope_body_traits<Body, Scope>::start(body, scope);
}

}  // namespace charkha::detail
