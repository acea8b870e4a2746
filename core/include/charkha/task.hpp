// SPDX-License-Identifier: Apache-2.0
// task<T>: the handle of a scheduled coroutine.
#pragma once

#include <utility>

#include "charkha/any_task.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/detail/typed_handle.hpp"

namespace charkha {

namespace detail {
struct task_access;
}  // namespace detail

/// The handle of a task that gives a T. As `asyncio.Task`.
///
/// Copyable and cheap to pass; copies are the same task. It can be awaited any number of times, by any number of tasks
/// of the same runtime: each gets the value or the error. Awaiting a task that is done does not suspend. The runtime
/// owns the task until it is done: dropping the last handle detaches the task, it never destroys it; an error that
/// nobody looked at is reported once.
///
/// Converts to any_task and any_future, where most of its functions are described. All functions may be called from any
/// thread, on handles that no other thread changes at the same time. On an empty handle, one that was made without a
/// task or moved from, they throw usage_error.
template <class T = void>
class task final : public detail::typed_handle<task<T>, T, detail::typed_task_block<T>, any_task> {
  using base = detail::typed_handle<task<T>, T, detail::typed_task_block<T>, any_task>;

 public:
  /// An empty handle.
  task() noexcept = default;

 private:
  friend detail::handle_access;
  friend detail::task_access;
  template <class Handle, class Function>
  friend class detail::typed_done_callback;

  explicit task(detail::intrusive_ptr<detail::future_core> core) noexcept : base(std::move(core)) {}
};

namespace detail {

struct task_access {
  template <class T>
  [[nodiscard]] static typed_task_block<T>& block(const task<T>& handle) {
    return handle.block();
  }
  /// Takes over the reference that a new block holds for its first handle.
  template <class T>
  [[nodiscard]] static task<T> adopt(typed_task_block<T>& block) noexcept {
    return task<T>(intrusive_ptr<future_core>::adopt(block));
  }
};

}  // namespace detail
}  // namespace charkha
