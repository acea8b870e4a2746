// SPDX-License-Identifier: Apache-2.0
// What can stand in a co_await of this library, and how combinators take it in: handles as they are, everything else as
// a task.
#pragma once

#include <concepts>
#include <coroutine>
#include <ranges>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>

#include "charkha/any_future.hpp"
#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/task.hpp"

namespace charkha::detail {

template <class Awaitable>
concept handle_like = std::derived_from<std::remove_cvref_t<Awaitable>, any_future>;

template <class Awaitable>
concept coro_like = is_coro<std::remove_cvref_t<Awaitable>>::value;

/// Anything of ours that can be awaited.
template <class Awaitable>
concept awaitable = coro_like<Awaitable> || handle_like<Awaitable> || requires(Awaitable&& what) {
  requires !foreign_awaiter<std::remove_reference_t<decltype(get_awaiter(std::forward<Awaitable>(what)))>>;
  get_awaiter(std::forward<Awaitable>(what)).await_ready();
  get_awaiter(std::forward<Awaitable>(what)).await_resume();
};

template <class Awaitable>
struct awaited_value {
  using type = std::remove_cvref_t<decltype(get_awaiter(std::declval<Awaitable>()).await_resume())>;
};
template <class Awaitable>
  requires(coro_like<Awaitable> || handle_like<Awaitable>)
struct awaited_value<Awaitable> {
  using type = typename std::remove_cvref_t<Awaitable>::value_type;
};
/// What awaiting it gives, without references that the awaiter might own.
template <class Awaitable>
using awaited_value_t = typename awaited_value<Awaitable>::type;

template <class Awaitable>
coro<awaited_value_t<Awaitable>> await_in_frame(Awaitable what) {
  co_return co_await std::move(what);
}

/// The coroutine of an awaitable that is no handle.
template <class T>
[[nodiscard]] coro<T> to_coro(coro<T>&& body) noexcept {
  return std::move(body);
}
template <awaitable Awaitable>
  requires(!coro_like<Awaitable> && !handle_like<Awaitable>)
[[nodiscard]] auto to_coro(Awaitable&& what) {
  return await_in_frame<std::remove_cvref_t<Awaitable>>(std::forward<Awaitable>(what));
}

/// A handle as it is; anything else as a new task of the running runtime.
template <handle_like Handle>
[[nodiscard]] std::remove_cvref_t<Handle> to_handle(Handle&& handle, const std::source_location& /*site*/) {
  return std::forward<Handle>(handle);
}
template <awaitable Awaitable>
  requires(!handle_like<Awaitable>)
[[nodiscard]] auto to_handle(Awaitable&& what, const std::source_location& site) {
  return start_task(calling_worker(), to_coro(std::forward<Awaitable>(what)), {}, site);
}

/// An element of a range that a combinator is given: a handle is copied, unless the range itself is given away; anything
/// else can only be moved out of it.
template <class Range, class Element>
[[nodiscard]] auto element_to_handle(Element&& element, const std::source_location& site) {
  constexpr bool given_away = !std::is_lvalue_reference_v<Range> && !std::ranges::view<Range>;
  if constexpr (handle_like<Element> && !given_away) {
    return to_handle(std::as_const(element), site);
  } else {
    return to_handle(std::move(element), site);  // NOLINT(bugprone-move-forwarding-reference)
  }
}

/// Something belongs to another runtime than the combinator `what`.
[[noreturn]] void throw_foreign(std::string_view what, const future_core& foreign);

template <class Awaitable>
using handle_of = decltype(to_handle(std::declval<Awaitable>(), std::declval<const std::source_location&>()));

}  // namespace charkha::detail
