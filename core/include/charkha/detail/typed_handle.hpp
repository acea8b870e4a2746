// SPDX-License-Identifier: Apache-2.0
// What task<T> and future<T> add to their untyped handles: the value.
#pragma once

#include <source_location>
#include <type_traits>
#include <utility>

#include "charkha/any_future.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/future_wait.hpp"

namespace charkha::detail {

/// `Handle` derives from this, this from `Base`, an untyped handle of a `Block`.
template <class Handle, class T, class Block, class Base>
class typed_handle : public Base {
 public:
  using value_type = T;
  using block_type = Block;

  /// Awaiting an lvalue gives a const reference to the value (for a T that is a reference, that reference).
  /// Resumes on a worker of this runtime. Throws the error, cancelled_error if it was cancelled. A cancel request that
  /// reaches the awaiting task meanwhile is passed on to what is awaited (R28); shield() prevents that. Throws
  /// usage_error when a task awaits itself or something of another runtime.
  value_awaiter<T, Block, false> operator co_await() const& { return value_awaiter<T, Block, false>(this->shared()); }
  /// Awaiting an rvalue gives the value itself: moved out if T is move-only or nobody else has a handle, else copied.
  /// A move-only value can be taken once. As above otherwise.
  value_awaiter<T, Block, true> operator co_await() && { return value_awaiter<T, Block, true>(this->taken()); }

  /// The value, or the error thrown (cancelled_error if it was cancelled). Throws invalid_state_error before the end.
  std::add_lvalue_reference_t<const T> result() const {
    return static_cast<const Block&>(this->finished()).value.peek();
  }

  /// Blocks the calling thread until the end, then as result(). Not on a worker, where it throws usage_error: there
  /// the value is awaited.
  std::add_lvalue_reference_t<const T> get() const {
    auto& ended = this->core();
    if (!ended.is_complete()) ended.home().block_until_complete(ended.waiters);
    return result();
  }

  /// As any_future's, called with a handle like this one.
  template <class Function>
    requires std::is_invocable_v<std::decay_t<Function>, Handle>
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  done_callback_id add_done_callback(Function&& function,
                                     const std::source_location& site = std::source_location::current()) const {
    return this->template add_callback<Handle>(std::forward<Function>(function), site);
  }

 protected:
  typed_handle() noexcept = default;
  explicit typed_handle(intrusive_ptr<future_core> core) noexcept : Base(std::move(core)) {}

  [[nodiscard]] Block& block() const { return static_cast<Block&>(this->core()); }
};

}  // namespace charkha::detail
