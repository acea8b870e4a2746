// SPDX-License-Identifier: Apache-2.0
// Waits for the end of one future or task.
#pragma once

#include <coroutine>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "charkha/detail/future_core.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/wait_operation.hpp"
#include "charkha/detail/waiter_list.hpp"

namespace charkha::detail {

class future_wait : public wait_operation, public waiter {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return core_->is_complete(); }

  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) {
    return wait(*frame.promise().task, frame);
  }

  [[nodiscard]] cancel_route route_cancel() const noexcept final { return cancel_route::targets; }
  [[nodiscard]] std::size_t target_count() const noexcept final { return 1; }
  [[nodiscard]] await_target target(std::size_t /*index*/) noexcept final { return await_target(*core_); }
  [[nodiscard]] std::string_view describe() const noexcept final;
  [[nodiscard]] ready_item* completed() noexcept final { return complete(); }

 protected:
  explicit future_wait(intrusive_ptr<future_core> core) noexcept : core_(std::move(core)) {}
  ~future_wait() {
    if (linked()) leave();
  }

  /// After the resumption: throws what a cancel request throws; otherwise what was awaited is complete.
  void finish() {
    if (begun() && resumed_by_cancel()) [[unlikely]]
      throw_cancel();
    core_->mark_retrieved();
  }

  [[nodiscard]] future_core& core() const noexcept { return *core_; }

 private:
  bool wait(task_core& self, std::coroutine_handle<> frame);
  void leave() noexcept;
  [[noreturn]] void throw_cancel();

  intrusive_ptr<future_core> core_;
};

/// Gives nothing, or the error.
class [[nodiscard]] ended_awaiter final : public future_wait {
 public:
  explicit ended_awaiter(intrusive_ptr<future_core> core) noexcept : future_wait(std::move(core)) {}
  void await_resume();
};

/// Gives the value, or the error. `Block` is a future_core with a `result<T> value`; Take: by moving out, if nobody else
/// can want it.
template <class T, class Block, bool Take>
class [[nodiscard]] value_awaiter final : public future_wait {
  static constexpr bool by_reference = !Take && !std::is_void_v<T> && !std::is_reference_v<T>;

 public:
  explicit value_awaiter(intrusive_ptr<future_core> core) noexcept : future_wait(std::move(core)) {}

  std::conditional_t<by_reference, std::add_lvalue_reference_t<const T>, T> await_resume() {
    finish();
    auto& value = static_cast<Block&>(core()).value;
    if constexpr (by_reference) {
      return value.peek();
    } else if constexpr (std::is_object_v<T> && std::is_copy_constructible_v<T>) {
      if (!core().is_sole_reference()) return value.peek();
      return value.take();
    } else {
      return value.take();
    }
  }
};

}  // namespace charkha::detail
