// SPDX-License-Identifier: Apache-2.0
// task<T>: the handle of a scheduled coroutine.
#pragma once

#include <coroutine>
#include <exception>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/task_block.hpp"

namespace charkha {

namespace detail {

template <class T, bool Take>
class task_awaiter;
struct task_access;

[[noreturn]] void throw_not_done();
[[noreturn]] void throw_empty_task();

}  // namespace detail

/// The handle of a task that gives a T. As `asyncio.Task`.
///
/// Copyable and cheap to pass; copies are the same task. It can be awaited any number of times, by any number of tasks
/// of the same runtime: each gets the value or the error. Awaiting a task that is done does not suspend. The runtime
/// owns the task until it is done: dropping the last handle detaches the task, it never destroys it; an error that
/// nobody looked at is reported once.
///
/// All functions may be called from any thread, on handles that no other thread changes at the same time. On an empty
/// handle, one that was made without a task or moved from, they throw usage_error.
template <class T = void>
class task {
 public:
  using value_type = T;

  /// An empty handle.
  task() noexcept = default;
  /// Does it stand for a task?
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(block_); }

  /// Awaiting an lvalue gives a const reference to the value (for a T that is a reference, that reference).
  /// Resumes on a worker of this runtime. Throws what the task threw, cancelled_error if it was cancelled. A cancel
  /// request that reaches the awaiting task meanwhile is passed on to this one (R28); shield() prevents that.
  /// Throws usage_error when a task awaits itself or a task of another runtime.
  detail::task_awaiter<T, false> operator co_await() const& { return detail::task_awaiter<T, false>(shared()); }
  /// Awaiting an rvalue gives the value itself: moved out if T is move-only or nobody else has a handle, else copied.
  /// A move-only value can be taken once. As above otherwise.
  detail::task_awaiter<T, true> operator co_await() && { return detail::task_awaiter<T, true>(taken()); }

  /// Has it ended: with a value, with an error, or cancelled?
  [[nodiscard]] bool done() const { return block().is_complete(); }
  /// Has it ended because it was cancelled?
  [[nodiscard]] bool cancelled() const { return done() && block().was_cancelled(); }

  /// The value, or the error thrown (cancelled_error if it was cancelled). Throws invalid_state_error before the end.
  std::add_lvalue_reference_t<const T> result() const { return finished().value.peek(); }
  /// The error, null if it ended with a value. Throws invalid_state_error before the end, cancelled_error if it was
  /// cancelled.
  [[nodiscard]] std::exception_ptr exception() const {
    const auto& ended = finished();
    if (ended.was_cancelled()) std::rethrow_exception(ended.error());
    return ended.error();
  }

  /// Blocks the calling thread until the end, then as result(). Not on a worker, where it throws usage_error: there
  /// the value is awaited.
  std::add_lvalue_reference_t<const T> get() const {
    auto& ended = block();
    if (!ended.is_complete()) ended.runtime.block_until_complete(ended.waiters);
    return result();
  }

  /// Asks the task to stop: cancelled_error is thrown inside it where it waits, or at its next suspension, once for
  /// each time it is asked. True if the task was not done; whether it ends cancelled is up to it. `message` is copied.
  // NOLINTNEXTLINE(modernize-use-nodiscard): asking is the point
  bool cancel(std::string_view message = {}) const { return block().cancel(message); }
  /// How many requests there were, less uncancel() calls.
  [[nodiscard]] std::uint32_t cancelling() const { return block().state.cancelling(); }
  /// Takes one request back, and if none is left also one that is not delivered yet. How many are left.
  std::uint32_t uncancel() const { return block().state.uncancel(); }

  /// `Task-N`, or the name it was given.
  [[nodiscard]] std::string name() const { return block().name(); }
  void set_name(std::string_view name) const { block().set_name(name); }
  /// Where it was created.
  [[nodiscard]] std::source_location site() const { return block().site(); }

  friend bool operator==(const task&, const task&) noexcept = default;

 private:
  friend detail::task_access;
  using block_type = detail::typed_task_block<T>;

  explicit task(detail::intrusive_ptr<block_type> block) noexcept : block_(std::move(block)) {}

  [[nodiscard]] block_type& block() const {
    if (!block_) detail::throw_empty_task();
    return *block_;
  }
  [[nodiscard]] const detail::intrusive_ptr<block_type>& shared() const {
    static_cast<void>(block());
    return block_;
  }
  [[nodiscard]] detail::intrusive_ptr<block_type> taken() {
    static_cast<void>(block());
    return std::move(block_);
  }
  [[nodiscard]] const block_type& finished() const {
    auto& ended = block();
    if (!ended.is_complete()) detail::throw_not_done();
    ended.mark_retrieved();
    return ended;
  }

  detail::intrusive_ptr<block_type> block_;
};

namespace detail {

struct task_access {
  template <class T>
  [[nodiscard]] static typed_task_block<T>& block(const task<T>& handle) {
    return handle.block();
  }
  template <class T>
  [[nodiscard]] static intrusive_ptr<task_block> take(task<T> handle) {
    return handle.taken();
  }
  /// Takes over the reference that a new block holds for its first handle.
  template <class T>
  [[nodiscard]] static task<T> adopt(typed_task_block<T>& block) noexcept {
    return task<T>(intrusive_ptr<typed_task_block<T>>::adopt(block));
  }
};

/// The block that a handle refers to, as a reference of its own.
template <class T>
[[nodiscard]] intrusive_ptr<task_block> block_of(task<T> handle) {
  return task_access::take(std::move(handle));
}

/// Waits for the end of one task, whatever it gives.
class task_wait : public wait_operation, public waiter {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return block_->is_complete(); }

  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) {
    return wait(*frame.promise().task, frame);
  }

  [[nodiscard]] cancel_route route_cancel() const noexcept final { return cancel_route::targets; }
  [[nodiscard]] std::size_t target_count() const noexcept final { return 1; }
  [[nodiscard]] task_core& target(std::size_t /*index*/) noexcept final { return *block_; }
  [[nodiscard]] std::string_view describe() const noexcept final { return "task"; }
  [[nodiscard]] ready_item* completed() noexcept final { return complete(); }

 protected:
  explicit task_wait(intrusive_ptr<task_block> block) noexcept : block_(std::move(block)) {}
  ~task_wait();

  /// After the resumption: throws what a cancel request throws; otherwise the task is complete.
  void finish();

  [[nodiscard]] task_block& block() const noexcept { return *block_; }

 private:
  bool wait(task_core& self, std::coroutine_handle<> frame);

  intrusive_ptr<task_block> block_;
};

template <class T, bool Take>
class [[nodiscard]] task_awaiter final : public task_wait {
  static constexpr bool by_reference = !Take && !std::is_void_v<T> && !std::is_reference_v<T>;

 public:
  explicit task_awaiter(intrusive_ptr<typed_task_block<T>> block) noexcept : task_wait(std::move(block)) {}

  std::conditional_t<by_reference, std::add_lvalue_reference_t<const T>, T> await_resume() {
    finish();
    auto& value = static_cast<typed_task_block<T>&>(block()).value;
    if constexpr (by_reference) {
      return value.peek();
    } else if constexpr (std::is_object_v<T> && std::is_copy_constructible_v<T>) {
      if (!block().is_sole_reference()) return value.peek();
      return value.take();
    } else {
      return value.take();
    }
  }
};

}  // namespace detail
}  // namespace charkha
