// SPDX-License-Identifier: Apache-2.0
// gather: awaits several tasks side by side and gives all their values.
#pragma once

#include <cstddef>
#include <iterator>
#include <ranges>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/gather_state.hpp"
#include "charkha/detail/value_of.hpp"
#include "charkha/task.hpp"

namespace charkha {

namespace detail {

/// A coro becomes a task, a task is taken as it is.
template <class T>
[[nodiscard]] task<T> ensure_task(coro<T>&& body, const std::source_location& site) {
  return start_task(current_runtime(), std::move(body), {}, site);
}
template <class T>
[[nodiscard]] task<T> ensure_task(const task<T>& handle, const std::source_location& /*site*/) {
  return handle;
}

template <class T>
struct is_task : std::false_type {};
template <class T>
struct is_task<task<T>> : std::true_type {};

/// What ensure_task takes.
template <class Awaitable>
concept task_like = is_coro<std::remove_cvref_t<Awaitable>>::value || is_task<std::remove_cvref_t<Awaitable>>::value;

template <class Awaitable>
using task_value_t = typename std::remove_cvref_t<Awaitable>::value_type;

template <class T>
value_of<T> gathered_value(task_block& block) {
  auto& value = static_cast<typed_task_block<T>&>(block).value;
  return value_from<T>([&]() -> T {
    if constexpr (std::is_object_v<T> && std::is_copy_constructible_v<T>) {
      if (!block.is_sole_reference()) return value.peek();
    }
    return value.take();
  });
}

template <class... Ts>
class [[nodiscard]] gather_tuple final : public gather_wait {
 public:
  explicit gather_tuple(intrusive_ptr<gather_state> state) noexcept : gather_wait(std::move(state)) {}

  std::tuple<value_of<Ts>...> await_resume() {
    finish();
    return collect(std::index_sequence_for<Ts...>());
  }

 private:
  template <std::size_t... Index>
  std::tuple<value_of<Ts>...> collect(std::index_sequence<Index...>) {
    return {gathered_value<Ts>(state().child(Index))...};
  }
};

template <class T>
class [[nodiscard]] gather_vector final : public gather_wait {
 public:
  explicit gather_vector(intrusive_ptr<gather_state> state) noexcept : gather_wait(std::move(state)) {}

  std::vector<value_of<T>> await_resume() {
    finish();
    std::vector<value_of<T>> values;
    values.reserve(state().size());
    for (std::size_t i = 0; i < state().size(); ++i) values.push_back(gathered_value<T>(state().child(i)));
    return values;
  }
};

}  // namespace detail

/// Makes each coro a task, in argument order, and awaits them together with the tasks given. Gives the values in
/// argument order, as a tuple (std::monostate for void). As `asyncio.gather`.
///
/// The first error is thrown at the co_await at once; the other tasks go on, and their errors count as seen. A child
/// that was cancelled counts as an error: cancelled_error. A cancel request of the awaiting task is passed on to every
/// child that is not done, and thrown when all are. Await it once, in the task that called it. On a worker only.
/// Throws usage_error for a task of another runtime.
template <detail::task_like... Awaitables>
[[nodiscard]] auto gather(Awaitables&&... awaitables) {
  [[maybe_unused]] const auto site = std::source_location::current();
  auto state = detail::intrusive_ptr<detail::gather_state>::adopt(
      *new detail::gather_state(detail::current_runtime(), sizeof...(Awaitables)));
  [[maybe_unused]] std::size_t index = 0;
  (state->set_child(index++, detail::block_of(detail::ensure_task(std::forward<Awaitables>(awaitables), site))), ...);
  state->start();
  return detail::gather_tuple<detail::task_value_t<Awaitables>...>(std::move(state));
}

/// The same for a range of coros or tasks; gives a vector. The coros are moved out of the range.
template <std::ranges::input_range Range>
  requires detail::task_like<std::ranges::range_value_t<Range>>
[[nodiscard]] auto gather(Range&& awaitables, const std::source_location& site = std::source_location::current()) {
  using value = detail::task_value_t<std::ranges::range_value_t<Range>>;
  std::vector<task<value>> tasks;
  for (auto& awaitable : awaitables) tasks.push_back(detail::ensure_task(std::move(awaitable), site));
  auto state = detail::intrusive_ptr<detail::gather_state>::adopt(
      *new detail::gather_state(detail::current_runtime(), tasks.size()));
  for (std::size_t i = 0; i < tasks.size(); ++i) state->set_child(i, detail::block_of(std::move(tasks[i])));
  state->start();
  return detail::gather_vector<value>(std::move(state));
}

}  // namespace charkha
