// SPDX-License-Identifier: Apache-2.0
// future<T>: a result that someone sets.
#pragma once

#include <exception>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "charkha/any_future.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/future_block.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/typed_handle.hpp"

namespace charkha {

/// The handle of a result that somebody sets once, with a value, with an error, or by cancelling it. As
/// `asyncio.Future`.
///
/// Copyable and cheap to pass; copies are the same future. It can be awaited any number of times, by any number of tasks
/// of its runtime. Those who wait are made ready, in the order in which they came, when it is set; they never run on the
/// setter's stack. A task that is asked to stop while it awaits a future cancels that future, as in asyncio: other
/// awaiters get cancelled_error too; await shield(f) to prevent it. An error that nobody looked at is reported once.
///
/// Converts to any_future, where most of its functions are described. All functions may be called from any thread, on
/// handles that no other thread changes at the same time. On an empty handle they throw usage_error.
template <class T = void>
class [[nodiscard]] future final
    : public detail::typed_handle<future<T>, T, detail::typed_future_block<T>, any_future> {
  using base = detail::typed_handle<future<T>, T, detail::typed_future_block<T>, any_future>;

 public:
  /// An empty handle; create_future() makes futures.
  future() noexcept = default;

  /// Ends it with a value. Throws invalid_state_error if it has ended already, and what T's constructor throws, after
  /// which it is still pending.
  template <class U = T>
    requires(!std::is_void_v<T> && std::is_constructible_v<T, U &&>)
  void set_result(U&& value) const {
    settle([&](auto& block) { block.value.set_value(std::forward<U>(value)); });
  }
  /// The same for a future without a value.
  void set_result() const
    requires std::is_void_v<T>
  {
    settle([](auto& block) { block.value.set_void(); });
  }
  /// Ends it with an error. Throws invalid_state_error if it has ended already, std::invalid_argument for a null pointer.
  void set_exception(std::exception_ptr error) const {
    if (error == nullptr) throw std::invalid_argument("charkha: set_exception() needs an error, and this one is null");
    settle([&](auto& block) { block.set_error(std::move(error)); });
  }
  /// Ends it with an error that is thrown as `Error`.
  template <class Error>
    requires(!std::is_same_v<std::decay_t<Error>, std::exception_ptr>)
  void set_exception(Error&& error) const {
    set_exception(std::make_exception_ptr(std::forward<Error>(error)));
  }

 private:
  friend detail::handle_access;
  template <class Handle, class Function>
  friend class detail::typed_done_callback;

  explicit future(detail::intrusive_ptr<detail::future_core> core) noexcept : base(std::move(core)) {}

  template <class Write>
  void settle(Write&& write) const {
    const auto kept = this->shared();  // whoever is woken may drop every other handle
    auto& block = this->block();
    block.begin_settling();
    try {
      write(block);
    } catch (...) {
      block.undo_settling();
      throw;
    }
    block.settled();
  }
};

namespace detail {

template <class T>
[[nodiscard]] future<T> make_future(executor& runtime, const std::source_location& site) {
  return handle_access::make<future<T>>(intrusive_ptr<future_core>::adopt(*new typed_future_block<T>(runtime, site)));
}

}  // namespace detail

/// A pending future of the running runtime. Throws usage_error on a thread that is no worker (there is
/// runtime::create_future), std::bad_alloc. As `loop.create_future`.
template <class T = void>
[[nodiscard]] future<T> create_future(const std::source_location& site = std::source_location::current()) {
  return detail::make_future<T>(detail::current_runtime(), site);
}

}  // namespace charkha
