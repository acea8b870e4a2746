// SPDX-License-Identifier: Apache-2.0
// shield: waits for something without passing cancel requests on to it.
#pragma once

#include <source_location>
#include <type_traits>
#include <utility>

#include "charkha/detail/awaitable.hpp"
#include "charkha/detail/completion_set.hpp"
#include "charkha/detail/value_of.hpp"

namespace charkha {

namespace detail {

template <class Handle>
class [[nodiscard]] shield_awaiter final : public completion_wait {
  using value = typename Handle::value_type;

 public:
  explicit shield_awaiter(intrusive_ptr<completion_set> set) noexcept : completion_wait(std::move(set), "shield") {}

  value await_resume() {
    if (left_by_cancel()) throw_cancelled(task());
    future_core& inner = set().child(0);
    inner.mark_retrieved();
    if constexpr (std::is_void_v<value>) {
      if (inner.has_failed()) std::rethrow_exception(inner.error());
    } else {
      auto& result = static_cast<typename Handle::block_type&>(inner).value;
      if constexpr (std::is_object_v<value> && std::is_copy_constructible_v<value>) {
        return result.peek();
      } else {
        return result.take();
      }
    }
  }
};

}  // namespace detail

/// What shield() returns: await it, any number of times.
template <class Handle>
class [[nodiscard]] shielded {
 public:
  explicit shielded(detail::intrusive_ptr<detail::completion_set> set) noexcept : set_(std::move(set)) {}
  detail::shield_awaiter<Handle> operator co_await() const { return detail::shield_awaiter<Handle>(set_); }

 private:
  detail::intrusive_ptr<detail::completion_set> set_;
};

/// Awaits a task or future (a coro, or whatever else can be awaited, becomes a task), and gives its value or throws its
/// error; but a cancel request of the awaiting task ends only the wait: it gets cancelled_error at once, and what is
/// shielded goes on. Cancelling the shielded task itself does reach whoever awaits it. As `asyncio.shield`.
///
/// Keep a handle of your own if the result matters after that; an error that comes after the wait was left, and that
/// nobody else looks at, is reported. On a worker only; throws usage_error elsewhere and for a task of another runtime.
template <detail::awaitable Awaitable>
[[nodiscard]] auto shield(Awaitable&& inner, const std::source_location& site = std::source_location::current()) {
  auto handle = detail::to_handle(std::forward<Awaitable>(inner), site);
  auto set = detail::completion_set::make(detail::current_runtime(), 1, detail::settle_when::all_completed, false);
  using handle_type = decltype(handle);
  set->set_child(0, detail::handle_access::take(std::move(handle)));
  set->start(true, "shield");
  return shielded<handle_type>(std::move(set));
}

}  // namespace charkha
