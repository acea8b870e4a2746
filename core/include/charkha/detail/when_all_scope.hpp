// SPDX-License-Identifier: Apache-2.0
// Structured fork-join: children that live inside their parent's awaiter and end before the parent goes on.
//
// Depth first: the parent's worker pushes all children but the first on its fork deque, newest the one that comes next,
// and goes straight into the first. A child that ends pops the next one and runs it; thieves take from the other end,
// the last children first. Whoever ends last goes straight back into the parent. No child ever waits in the ready queue
// unless it suspends, and control passes by symmetric transfer: the stack does not grow.
//
// The parent is suspended in one wait for the whole scope. Its cancel request, and the first error of a child, become
// cancel requests of all children that have not ended; the parent resumes when every child has ended.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include "charkha/coro.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/result.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "charkha/detail/task_core.hpp"

namespace charkha::detail {

class when_all_scope;

/// A task whose control block is part of its parent's awaiter.
class forked_task : public task_core {
 public:
  [[nodiscard]] std::coroutine_handle<> begin_turn(worker_context& worker) noexcept final;
  [[nodiscard]] std::coroutine_handle<> at_end(worker_context& worker) noexcept final;

  /// After the end.
  [[nodiscard]] virtual outcome result_kind() const noexcept = 0;
  [[nodiscard]] virtual std::exception_ptr error() const noexcept = 0;

 protected:
  forked_task(when_all_scope& scope, executor& owner, std::coroutine_handle<> body) noexcept
      : task_core(owner, body), scope_(scope) {}
  ~forked_task() = default;

 private:
  virtual void set_error(std::exception_ptr error) noexcept = 0;

  when_all_scope& scope_;
  bool started_ = false;
};

template <class T>
class typed_forked_task final : public forked_task {
 public:
  typed_forked_task(when_all_scope& scope, executor& owner, coro<T>&& body) noexcept
      : forked_task(scope, owner, coro_access::frame(body)), body_(std::move(body)) {
    auto& promise = coro_access::frame(body_).promise();
    promise.task = this;
    promise.out = &value;
  }

  // Pending only if the runtime is torn down: a canceller may still be reading what the body waits for.
  ~typed_forked_task() {
    if (!state.is_done()) state.retire();
  }
  typed_forked_task(const typed_forked_task&) = delete;
  typed_forked_task& operator=(const typed_forked_task&) = delete;

  [[nodiscard]] outcome result_kind() const noexcept override { return value.kind(); }
  [[nodiscard]] std::exception_ptr error() const noexcept override {
    return value.kind() == outcome::error ? value.error() : nullptr;
  }

  result<T> value;

 private:
  void set_error(std::exception_ptr error) noexcept override { value.set_error(std::move(error)); }

  coro<T> body_;
};

/// The parent's side. The children are given to it when the parent suspends.
class when_all_scope : public wait_operation {
 public:
  [[nodiscard]] cancel_route route_cancel() const noexcept final { return cancel_route::targets; }
  [[nodiscard]] bool may_end_early() const noexcept final { return false; }
  void cancel_passed_on() noexcept final { parent_cancelled_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t target_count() const noexcept final { return child_count(); }
  [[nodiscard]] task_core& target(std::size_t index) noexcept final { return child(index); }
  [[nodiscard]] std::string_view describe() const noexcept final { return "when_all"; }

 protected:
  when_all_scope() noexcept = default;
  ~when_all_scope() = default;

  /// Suspends the parent and starts the children; what its worker resumes next.
  [[nodiscard]] std::coroutine_handle<> fork(task_core& parent, std::coroutine_handle<> frame);
  /// After the resumption: throws the children's errors as one exception_group, or cancelled_error.
  void join();

  [[nodiscard]] virtual std::size_t child_count() const noexcept = 0;
  [[nodiscard]] virtual forked_task& child(std::size_t index) noexcept = 0;

 private:
  friend class forked_task;
  [[nodiscard]] std::coroutine_handle<> child_ended(forked_task& ended, worker_context& worker, bool go_on) noexcept;
  void child_failed(forked_task& ended) noexcept;

  std::atomic<std::size_t> remaining_{0};  // children that have not ended
  spin_lock lock_;
  std::vector<std::exception_ptr> errors_ CHARKHA_GUARDED_BY(lock_);
  std::atomic<bool> parent_cancelled_{false};
  std::atomic<bool> child_cancelled_{false};
};

}  // namespace charkha::detail
