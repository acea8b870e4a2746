// SPDX-License-Identifier: Apache-2.0
// Something to wait for that a test opens by hand. The plainest wait operation there is: a cancel request ends the wait.
#pragma once

#include <atomic>
#include <coroutine>
#include <string_view>

#include "charkha/detail/executor.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/task_core.hpp"
#include "charkha/detail/wait_operation.hpp"
#include "charkha/detail/waiter_list.hpp"

namespace charkha::test {

class gate {
 public:
  class [[nodiscard]] awaiter final : public detail::wait_operation, public detail::waiter {
   public:
    explicit awaiter(gate& owner) noexcept : gate_(owner) {}
    ~awaiter() {
      if (linked()) gate_.waiters_.remove(*this);
    }
    [[nodiscard]] bool await_ready() const noexcept { return gate_.waiters_.is_closed(); }
    template <detail::charkha_promise Promise>
    bool await_suspend(std::coroutine_handle<Promise> frame) noexcept {
      gate_.runtime_.store(&frame.promise().task->runtime, std::memory_order_relaxed);  // the list's lock publishes it
      begin(*frame.promise().task, frame);
      if (!gate_.waiters_.add(*this)) return false;
      return suspend();
    }
    void await_resume() {
      if (begun() && resumed_by_cancel()) {
        gate_.waiters_.remove(*this);
        detail::throw_cancelled(task());
      }
    }
    [[nodiscard]] std::string_view describe() const noexcept override { return "gate"; }
    [[nodiscard]] detail::ready_item* completed() noexcept override { return complete(); }

   private:
    gate& gate_;
  };

  gate() = default;
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  /// Suspends until the gate is open.
  awaiter wait() noexcept { return awaiter(*this); }

  /// Once. Makes all who wait ready, in the order in which they came. From any thread.
  void open() noexcept {
    detail::ready_item* item = nullptr;
    for (bool told = waiters_.close(item); told; told = waiters_.take(item)) {
      if (item != nullptr) runtime_.load(std::memory_order_relaxed)->make_ready(*item, detail::ready_kind::woken);
    }
  }

 private:
  detail::waiter_list waiters_;
  std::atomic<detail::executor*> runtime_{nullptr};  // of those who wait: all in one runtime
};

}  // namespace charkha::test
