// SPDX-License-Identifier: Apache-2.0
// Structured fork-join: children that live inside their parent's awaiter and end before the parent goes on. What
// when_all and when_any share; they differ in when the other children are cancelled, and in what comes out.
//
// Depth first: the parent's worker pushes all children but the first on its fork deque, newest the one that comes next,
// and goes straight into the first. A child that ends pops the next one and runs it; thieves take from the other end,
// the last children first. Whoever ends last goes straight back into the parent. No child ever waits in the ready queue
// unless it suspends, and control passes by symmetric transfer: the stack does not grow.
//
// The parent is suspended in one wait for the whole scope. Its cancel request, and the child that decides how the scope
// ends, become cancel requests of all children that have not ended; the parent resumes when every child has ended.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
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

class fork_scope;

/// A task whose control block is part of its parent's awaiter.
class forked_task : public task_core {
 public:
  [[nodiscard]] std::coroutine_handle<> begin_turn(worker_context& worker) noexcept final;
  [[nodiscard]] std::coroutine_handle<> at_end(worker_context& worker) noexcept final;

  /// After the end.
  [[nodiscard]] virtual outcome result_kind() const noexcept = 0;
  [[nodiscard]] virtual std::exception_ptr error() const noexcept = 0;

  /// As task_block::retire(), for one that has not ended.
  void retire() noexcept;

 protected:
  forked_task(fork_scope& scope, executor& owner, std::coroutine_handle<> body)
      : task_core(owner, body, copy_current_context(), place::parent), scope_(scope) {}
  ~forked_task() = default;

  /// Those who have a handle of it learn how it ended.
  void end_record() noexcept;

 private:
  virtual void set_error(std::exception_ptr error) noexcept = 0;

  fork_scope& scope_;
};

template <class T>
class typed_forked_task final : public forked_task {
 public:
  typed_forked_task(fork_scope& scope, executor& owner, coro<T>&& body)
      : forked_task(scope, owner, coro_access::frame(body)), body_(std::move(body)) {
    auto& promise = coro_access::frame(body_).promise();
    promise.task = this;
    promise.out = &value;
  }

  // Pending only if the runtime is torn down: a canceller may still be reading what the body waits for.
  ~typed_forked_task() { retire(); }
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

/// What decides how a scope ends, so that the children that have not ended are cancelled.
enum class fork_policy : std::uint8_t {
  all,  // the first error
  any,  // the first value
};

/// The parent's side. The children are given to it when the parent suspends.
class fork_scope : public wait_operation {
 public:
  [[nodiscard]] cancel_route route_cancel() const noexcept final { return cancel_route::targets; }
  [[nodiscard]] bool may_end_early() const noexcept final { return false; }
  void cancel_passed_on() noexcept final { parent_cancelled_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t target_count() const noexcept final { return child_count(); }
  [[nodiscard]] await_target target(std::size_t index) noexcept final { return await_target(child(index)); }
  void abandon() noexcept final;
  [[nodiscard]] std::string_view describe() const noexcept final {
    return policy_ == fork_policy::all ? "when_all" : "when_any";
  }

  /// Suspends the parent and starts the children, at least one; what its worker resumes next.
  [[nodiscard]] std::coroutine_handle<> fork(task_core& parent, std::coroutine_handle<> frame);
  /// After the resumption: throws the children's errors as one exception_group, or cancelled_error. If it returns, all
  /// children have a value, or one of them has won.
  void join();
  /// After join(), of a scope in which the first value wins.
  [[nodiscard]] const forked_task& winner() const noexcept { return *winner_; }

 protected:
  explicit fork_scope(fork_policy policy) noexcept : policy_(policy) {}
  ~fork_scope() = default;

  [[nodiscard]] virtual std::size_t child_count() const noexcept = 0;
  [[nodiscard]] virtual forked_task& child(std::size_t index) noexcept = 0;

 private:
  friend class forked_task;
  [[nodiscard]] std::coroutine_handle<> child_ended(forked_task& ended, worker_context& worker, bool go_on) noexcept;
  void child_failed(forked_task& ended) noexcept;
  void child_won(const forked_task& ended) noexcept;
  void cancel_children() noexcept;

  std::atomic<std::size_t> remaining_{0};  // children that have not ended
  spin_lock lock_;
  const fork_policy policy_;
  std::atomic<bool> parent_cancelled_{false};
  std::atomic<bool> without_value_{false};  // a child ended cancelled, or failed
  std::vector<std::exception_ptr> errors_ CHARKHA_GUARDED_BY(lock_);
  // Written under the lock, by the first child that has a value, where that decides; read when all have ended.
  const forked_task* winner_ = nullptr;
};

}  // namespace charkha::detail
