// SPDX-License-Identifier: Apache-2.0
// any_future: the handle of something that ends once, a task or a future, whatever it gives.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>

#include "charkha/detail/done_callback.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/future_core.hpp"
#include "charkha/detail/future_wait.hpp"
#include "charkha/detail/intrusive_ptr.hpp"

namespace charkha {

namespace detail {
struct handle_access;
[[noreturn]] void throw_empty_handle();
[[noreturn]] void throw_not_done();
}  // namespace detail

/// Names one registration of a callback, for remove_done_callback(). Copyable; keeps neither the function nor the task.
class done_callback_id {
 public:
  done_callback_id() noexcept = default;

 private:
  friend class any_future;
  explicit done_callback_id(detail::intrusive_ptr<detail::done_callback> callback) noexcept
      : callback_(std::move(callback)) {}
  detail::intrusive_ptr<detail::done_callback> callback_;
};

/// What task<T>, any_task and future<T> have in common. As `asyncio.Future` without its value.
///
/// Copyable and cheap to pass; copies are the same future. All functions may be called from any thread, on handles that
/// no other thread changes at the same time. On an empty handle they throw usage_error.
class [[nodiscard]] any_future {
 public:
  using value_type = void;

  /// An empty handle.
  any_future() noexcept = default;
  /// Does it stand for anything?
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(core_); }

  /// Waits for the end; throws the error, cancelled_error if it was cancelled. Resumes on a worker of this runtime. A
  /// cancel request that reaches the awaiting task meanwhile is passed on to what is awaited (R28); shield() prevents
  /// that. Throws usage_error when a task awaits itself or something of another runtime.
  detail::ended_awaiter operator co_await() const { return detail::ended_awaiter(shared()); }

  /// Has it ended: with a value, with an error, or cancelled?
  [[nodiscard]] bool done() const { return core().is_complete(); }
  /// Has it ended because it was cancelled?
  [[nodiscard]] bool cancelled() const { return done() && core().was_cancelled(); }
  /// The error, null if it ended with a value. Throws invalid_state_error before the end, cancelled_error if it was
  /// cancelled. The error counts as seen.
  [[nodiscard]] std::exception_ptr exception() const;

  /// Blocks the calling thread until the end, for at most `duration` of real time. Has it ended? It is left alone and its
  /// result is not looked at. Not on a worker, where it throws usage_error unless it has ended. Throws
  /// std::invalid_argument if `duration` is not a number.
  template <class Rep, class Period>
  [[nodiscard]] bool wait_for(std::chrono::duration<Rep, Period> duration) const {
    auto& awaited = core();
    const auto limit = detail::to_nanoseconds(duration).count();
    return awaited.is_complete() || awaited.home().block_for(awaited.waiters, limit);
  }

  /// Asks it to stop. A task: cancelled_error is thrown inside it where it waits, or at its next suspension, once for
  /// each time it is asked; whether it ends cancelled is up to it. A future ends cancelled at once. False if it was done
  /// already. `message` is copied.
  // NOLINTNEXTLINE(modernize-use-nodiscard): asking is the point
  bool cancel(std::string_view message = {}) const { return core().cancel(message); }

  /// Calls `function` with a handle like this one when it has ended: in a later turn, on a worker of its runtime, never
  /// on the caller's stack, also if it has ended already. Callbacks of one future run one after another in the order of
  /// registration, in a copy of the caller's context; an error that leaves one is reported. As
  /// `asyncio.Future.add_done_callback`.
  template <class Function>
    requires std::is_invocable_v<std::decay_t<Function>, any_future>
  // NOLINTNEXTLINE(modernize-use-nodiscard): most callbacks are never removed
  done_callback_id add_done_callback(Function&& function,
                                     const std::source_location& site = std::source_location::current()) const {
    return add_callback<any_future>(std::forward<Function>(function), site);
  }
  /// Takes a callback back whose turn has not come. How many were: 0 or 1.
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  std::size_t remove_done_callback(const done_callback_id& id) const;

  friend bool operator==(const any_future&, const any_future&) noexcept = default;

 protected:
  explicit any_future(detail::intrusive_ptr<detail::future_core> core) noexcept : core_(std::move(core)) {}

  [[nodiscard]] detail::future_core& core() const {
    if (!core_) detail::throw_empty_handle();
    return *core_;
  }
  [[nodiscard]] detail::future_core& finished() const {
    auto& ended = core();
    if (!ended.is_complete()) detail::throw_not_done();
    ended.mark_retrieved();
    return ended;
  }
  [[nodiscard]] const detail::intrusive_ptr<detail::future_core>& shared() const {
    static_cast<void>(core());
    return core_;
  }
  [[nodiscard]] detail::intrusive_ptr<detail::future_core> taken() {
    static_cast<void>(core());
    return std::move(core_);
  }

  template <class Handle, class Function>
  done_callback_id add_callback(Function&& function, const std::source_location& site) const {
    using callback = detail::typed_done_callback<Handle, std::decay_t<Function>>;
    auto added = detail::intrusive_ptr<detail::done_callback>::adopt(
        *new callback(core(), site, std::forward<Function>(function)));
    added->add();
    return done_callback_id(std::move(added));
  }

 private:
  friend detail::handle_access;
  template <class Handle, class Function>
  friend class detail::typed_done_callback;

  detail::intrusive_ptr<detail::future_core> core_;
};

namespace detail {

/// What the library, and nobody else, does with handles.
struct handle_access {
  [[nodiscard]] static future_core& core(const any_future& handle) { return handle.core(); }
  [[nodiscard]] static const intrusive_ptr<future_core>& shared(const any_future& handle) { return handle.shared(); }
  template <class Handle>
  [[nodiscard]] static Handle make(intrusive_ptr<future_core> core) noexcept {
    return Handle(std::move(core));
  }
  [[nodiscard]] static intrusive_ptr<future_core> take(any_future&& handle) { return handle.taken(); }
};

}  // namespace detail
}  // namespace charkha
