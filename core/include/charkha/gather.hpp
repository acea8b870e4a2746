// SPDX-License-Identifier: Apache-2.0
// gather: awaits several tasks side by side and gives all their values.
#pragma once

#include <cstddef>
#include <iterator>
#include <ranges>
#include <source_location>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "charkha/detail/awaitable.hpp"
#include "charkha/detail/completion_set.hpp"
#include "charkha/detail/value_of.hpp"
#include "charkha/gather_result.hpp"

namespace charkha {

namespace detail {

/// The value of a complete future that `Handle` is a handle of: moved out if nobody else can want it.
template <class Handle>
value_of<typename Handle::value_type> taken_value(future_core& core) {
  using value = typename Handle::value_type;
  if constexpr (!std::is_void_v<value>) {
    auto& result = static_cast<typename Handle::block_type&>(core).value;
    if constexpr (std::is_object_v<value> && std::is_copy_constructible_v<value>) {
      if (!core.is_sole_reference()) return result.peek();
    }
    return result.take();
  } else {
    return {};
  }
}

/// What one child contributes: its value, or with `Errors` how it ended.
template <bool Errors, class Handle>
using gathered =
    std::conditional_t<Errors, gather_result<typename Handle::value_type>, value_of<typename Handle::value_type>>;

template <bool Errors, class Handle>
gathered<Errors, Handle> gathered_from(future_core& core) {
  if constexpr (Errors) {
    if (core.has_failed()) return gather_result<typename Handle::value_type>(core.error());
    return gather_result<typename Handle::value_type>(taken_value<Handle>(core));
  } else {
    return taken_value<Handle>(core);
  }
}

template <bool Errors, class... Handles>
class [[nodiscard]] gather_tuple final : public gather_wait {
 public:
  explicit gather_tuple(intrusive_ptr<completion_set> set) noexcept : gather_wait(std::move(set)) {}

  std::tuple<gathered<Errors, Handles>...> await_resume() {
    finish();
    return collect(std::index_sequence_for<Handles...>());
  }

 private:
  template <std::size_t... Index>
  std::tuple<gathered<Errors, Handles>...> collect(std::index_sequence<Index...>) {
    return {gathered_from<Errors, Handles>(set().child(Index))...};
  }
};

template <bool Errors, class Handle>
class [[nodiscard]] gather_vector final : public gather_wait {
 public:
  explicit gather_vector(intrusive_ptr<completion_set> set) noexcept : gather_wait(std::move(set)) {}

  std::vector<gathered<Errors, Handle>> await_resume() {
    finish();
    std::vector<gathered<Errors, Handle>> values;
    values.reserve(set().size());
    for (std::size_t i = 0; i < set().size(); ++i) values.push_back(gathered_from<Errors, Handle>(set().child(i)));
    return values;
  }
};

}  // namespace detail

/// What gather() returns: await it, once, in a task of the runtime in which it was made.
template <class Awaiter>
class [[nodiscard("a gather that is not awaited loses its values and errors")]] gathering {
 public:
  explicit gathering(detail::intrusive_ptr<detail::completion_set> set) noexcept : set_(std::move(set)) {}

  Awaiter operator co_await() const { return Awaiter(set_); }

  /// Is it decided how it ends?
  [[nodiscard]] bool done() const noexcept { return set_->is_settled(); }
  /// Asks every child that is not done to stop; when all are, awaiting it throws cancelled_error. False if it was done.
  // NOLINTNEXTLINE(modernize-use-nodiscard): asking is the point
  bool cancel(std::string_view message = {}) const {
    if (done()) return false;
    // Noted before: the last child may end, and the awaiter go on, on other workers meanwhile.
    const bool before = set_->cancel_noted();
    set_->note_cancel();
    bool asked = false;
    for (std::size_t i = 0; i < set_->size(); ++i) asked = set_->child(i).cancel(message) || asked;
    if (!asked && !before) set_->note_cancel(false);
    return asked;
  }

 private:
  detail::intrusive_ptr<detail::completion_set> set_;
};

namespace detail {

template <bool Errors, class... Awaitables>
[[nodiscard]] auto gather_all(const std::source_location& site, Awaitables&&... awaitables) {
  auto set = completion_set::make(current_runtime(), sizeof...(Awaitables),
                                  Errors ? settle_when::all_completed : settle_when::first_failure, true);
  [[maybe_unused]] std::size_t index = 0;
  (set->set_child(index++, handle_access::take(to_handle(std::forward<Awaitables>(awaitables), site))), ...);
  set->start(true, "gather");
  return gathering<gather_tuple<Errors, handle_of<Awaitables>...>>(std::move(set));
}

template <bool Errors, class Range>
[[nodiscard]] auto gather_range(const std::source_location& site, Range&& awaitables) {
  using handle = handle_of<std::ranges::range_value_t<Range>>;
  std::vector<handle> handles;
  for (auto&& awaitable : awaitables) handles.push_back(element_to_handle<Range>(awaitable, site));
  auto set = completion_set::make(current_runtime(), handles.size(),
                                  Errors ? settle_when::all_completed : settle_when::first_failure, true);
  for (std::size_t i = 0; i < handles.size(); ++i) set->set_child(i, handle_access::take(std::move(handles[i])));
  set->start(true, "gather");
  return gathering<gather_vector<Errors, handle>>(std::move(set));
}

template <class Range>
concept awaitable_range = std::ranges::input_range<Range> && awaitable<std::ranges::range_value_t<Range>>;

}  // namespace detail

/// Makes each coro (or whatever else can be awaited) a task, in argument order, and awaits them together with the tasks
/// and futures given. Gives the values in argument order, as a tuple (std::monostate for void). As `asyncio.gather`.
///
/// The first error is thrown at the co_await at once; the other tasks go on, and their errors count as seen. A child
/// that was cancelled counts as an error: cancelled_error. A cancel request of the awaiting task is passed on to every
/// child that is not done; the first that ends by it ends the gather, with several workers perhaps before the others have
/// ended. The same task given twice is run once and gives its value twice. On a worker only. Throws usage_error for a
/// task of another runtime.
template <detail::awaitable... Awaitables>
[[nodiscard]] auto gather(Awaitables&&... awaitables) {
  return detail::gather_all<false>(std::source_location::current(), std::forward<Awaitables>(awaitables)...);
}

/// The same for a range of coros or tasks; gives a vector. Coros are moved out of the range; handles are copied, unless
/// the range is an rvalue.
template <detail::awaitable_range Range>
[[nodiscard]] auto gather(Range&& awaitables, const std::source_location& site = std::source_location::current()) {
  return detail::gather_range<false>(site, std::forward<Range>(awaitables));
}

/// `gather(return_exceptions, ...)`: always waits for all, and gives for each how it ended: a gather_result, a value or
/// an error. A cancel request of the awaiting task is passed on to the children and still thrown when all are done.
template <detail::awaitable... Awaitables>
[[nodiscard]] auto gather(return_exceptions_t /*errors_as_values*/, Awaitables&&... awaitables) {
  return detail::gather_all<true>(std::source_location::current(), std::forward<Awaitables>(awaitables)...);
}
/// The same for a range.
template <detail::awaitable_range Range>
[[nodiscard]] auto gather(return_exceptions_t /*errors_as_values*/, Range&& awaitables,
                          const std::source_location& site = std::source_location::current()) {
  return detail::gather_range<true>(site, std::forward<Range>(awaitables));
}

}  // namespace charkha
