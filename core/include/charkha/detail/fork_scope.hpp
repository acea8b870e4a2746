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
//
// A scope that nobody else touches costs no atomic operation but those of the deque. Its worker is *inside* it from the
// fork on, as long as it does nothing but run children one after the other, each to its end, and what they fork:
//
//   inside --the last child ends--> the parent goes on; its state word says that it ran all the time
//   inside --leave()--> left
//
// The worker leaves when it turns to anything else, since a child suspends, was taken by a thief, or has run for long
// enough. It leaves the scopes that the parent is inside as well: from there on the parents wait, which a canceller can
// see. A thief makes them wait, too, all the way up, before he begins (publish_above()).
//
// I1: ended_here_ and inside_ belong to the worker that is inside; after leave(), inside_ stays null and is read-only.
// I2: children that ended inside are counted in ended_here_ until leave(), all others in remaining_, each once. So
//     remaining_ reaches zero once, and only after leave().
// I3: a child runs on a worker that is not inside only after the parent's wait and those above were published, so a
//     cancel request for any of them finds it. One for a parent that nobody published yet is noted there; publishing
//     passes it on. It waits for as long as a worker is inside: no more children than its fork_credit.
// I4: a parent that was never published goes on with the same wait number: nobody can have learned it.
// I5: a child whose state word is as it was made has run on the worker that forked it, from beginning to end: a wait, a
//     request, notes and a turn out of a queue each leave a mark there (`exposed`). Its own word, read by itself, is all
//     that it needs to know before it reads inside_, which a thief's child must not.
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
#include "charkha/detail/task_core.hpp"

namespace charkha::detail {

class fork_scope;

/// A task whose control block is part of its parent's awaiter.
class forked_task : public task_core {
 public:
  [[nodiscard]] std::coroutine_handle<> begin_turn(worker_context& worker) noexcept final {
    return starts() ? begin_first_turn(worker) : task_core::begin_turn(worker);
  }
  /// As begin_turn(), for one that has never run, as all that wait on the fork deque.
  [[nodiscard]] std::coroutine_handle<> begin_first_turn(worker_context& worker) noexcept {
    worker.current = this;
    mark_started();
    if (state.cancel_pending()) [[unlikely]]
      return end_unbegun(worker);
    return resume_point;
  }
  /// Taken out of a queue, so its worker is not inside its scope.
  void run(worker_context& worker) noexcept final;

  /// After the end.
  [[nodiscard]] virtual outcome result_kind() const noexcept = 0;
  [[nodiscard]] virtual std::exception_ptr error() const noexcept = 0;

  /// As task_block::retire(), for one that has not ended.
  void retire() noexcept {
    if (!state.is_done()) retire_pending();
  }

 protected:
  forked_task(fork_scope& scope, const task_core& parent, std::coroutine_handle<> body) noexcept
      : task_core(parent.runtime, body, {}, place::parent), scope_(scope) {}
  ~forked_task() = default;

 private:
  friend class fork_scope;
  friend class task_core;

  virtual void set_error(std::exception_ptr error) noexcept = 0;
  /// Cancelled before its first step.
  [[nodiscard, gnu::noinline]] std::coroutine_handle<> end_unbegun(worker_context& worker) noexcept;
  /// Tells those who want to know how it ended. `cancelled`: a request came that it did not take.
  void tell_outcome(bool cancelled) noexcept;
  void retire_pending() noexcept;
  /// Those who have a handle of it learn how it ended.
  void end_record() noexcept;
  /// Every parent above it waits, and can be seen to.
  void publish_above() noexcept;

  fork_scope& scope_;
};

inline forked_task* task_core::forked() noexcept {
  return lives_ == place::parent ? static_cast<forked_task*>(this) : nullptr;
}

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
  void cancel_passed_on() noexcept final { note(parent_cancelled); }
  [[nodiscard]] std::size_t target_count() const noexcept final { return child_count(); }
  [[nodiscard]] await_target target(std::size_t index) noexcept final { return await_target(child(index)); }
  void abandon() noexcept final;
  [[nodiscard]] std::string_view describe() const noexcept final {
    return policy_ == fork_policy::all ? "when_all" : "when_any";
  }

  /// After the resumption: throws the children's errors as one exception_group, or cancelled_error. If it returns, all
  /// children have a value, or one of them has won.
  void join() {
    const bool late_cancel = resumed_by_cancel();
    if (late_cancel || trouble_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      throw_outcome(late_cancel);
  }
  /// After join(), of a scope in which the first value wins.
  [[nodiscard]] const forked_task& winner() const noexcept { return *winner_; }

  [[nodiscard]] std::size_t child_count() const noexcept { return count_; }

 protected:
  fork_scope(fork_policy policy, std::size_t count) noexcept : count_(count), policy_(policy) {}
  ~fork_scope() = default;

  /// Children begin with a copy of their parent's context. Throws std::bad_alloc.
  void inherit_context(const task_core& parent) {
    if (parent.context.get() != nullptr) [[unlikely]]
      copy_context(parent.context);
  }
  /// The parent suspends. All children but the first are then to be forked, and the first one begun: from the fork on
  /// thieves may end children, but not that one, and the scope stays until it has ended.
  void enter(task_core& parent, std::coroutine_handle<> frame, worker_context& worker) noexcept {
    inside_ = &worker;
    set_up(parent);
    parent.resume_point = frame;
    remaining_.store(count_, std::memory_order_relaxed);
    // A request that came before the fork is for the children, before they begin.
    if (parent.state.cancel_pending()) [[unlikely]]
      static_cast<void>(leave());
  }

 private:
  friend class forked_task;
  friend class task_core;
  [[nodiscard]] virtual forked_task& child(std::size_t index) noexcept = 0;

  /// What join() must know. `without_value`: a child ended cancelled, or failed.
  enum trouble : std::uint8_t { parent_cancelled = 1, without_value = 2 };

  [[nodiscard]] static std::coroutine_handle<> child_ended(forked_task& child, outcome how) noexcept;
  /// The same for one that did not just run here from beginning to end and give a value.
  [[nodiscard, gnu::noinline]] std::coroutine_handle<> child_ended_seen(forked_task& child, outcome how) noexcept;
  [[nodiscard]] std::coroutine_handle<> child_ended_inside(worker_context& worker) noexcept {
    if (++ended_here_ == count_) return resume_parent(worker);
    forked_task* next = worker.unfork();
    if (next == nullptr || &next->scope_ != this) [[unlikely]]
      return turn_to(next, worker);
    return next->begin_first_turn(worker);
  }
  /// The same for one that never began, after which its worker turns to its loop: a thousand of them must not nest.
  [[nodiscard]] std::coroutine_handle<> child_ended_unbegun(const forked_task& child, worker_context& worker) noexcept;
  [[nodiscard]] std::coroutine_handle<> child_ended_outside(worker_context& worker) noexcept;
  /// The worker goes on with `next`, no child of this scope, or with whatever else there is.
  [[nodiscard, gnu::noinline]] std::coroutine_handle<> turn_to(forked_task* next, worker_context& worker) noexcept;
  /// By whoever ended the last child.
  [[nodiscard]] std::coroutine_handle<> resume_parent(worker_context& worker) noexcept {
    task_core& parent = task();
    if (parent.state.is_waiting()) [[unlikely]]
      return resume_published(worker);
    // Never published: to everybody else it ran all the time.
    worker.current = &parent;
    return parent.resume_point;
  }
  [[nodiscard, gnu::noinline]] std::coroutine_handle<> resume_published(worker_context& worker) noexcept;
  /// The worker that is inside leaves. True: all children have ended, and the caller resumes the parent.
  [[nodiscard]] bool leave() noexcept;
  /// As leave(), for scopes whose child `of` goes on.
  static void leave_from(task_core& of) noexcept;
  /// Is the worker that runs `child` inside?
  [[nodiscard]] bool inside_of(const forked_task& child) const noexcept { return !child.queued_ && inside_ != nullptr; }
  /// True: no child is left.
  [[nodiscard]] bool arrive(std::size_t ended) noexcept;

  void note(trouble what) noexcept { trouble_.fetch_or(what, std::memory_order_relaxed); }
  void copy_context(const context_slot& from);

  void child_failed(forked_task& ended) noexcept;
  void child_won(const forked_task& ended) noexcept;
  void cancel_children() noexcept;
  void throw_outcome(bool late_cancel);
  /// Of the children that failed, in their order. When all have ended.
  [[nodiscard]] std::vector<std::exception_ptr> errors();

  const std::size_t count_;
  std::size_t ended_here_ = 0;  // children that ended inside
  std::atomic<std::size_t> remaining_{0};
  worker_context* inside_ = nullptr;  // its worker, until it leaves
  const fork_policy policy_;
  std::atomic<std::uint8_t> trouble_{0};
  std::atomic<bool> decided_{false};     // by a child: the others were asked to stop
  const forked_task* winner_ = nullptr;  // written by that one; read when all have ended
};

template <class T>
class typed_forked_task final : public forked_task {
 public:
  /// Owns the body, which was released from its coro.
  typed_forked_task(fork_scope& scope, const task_core& parent, std::coroutine_handle<coro_promise<T>> body) noexcept
      : forked_task(scope, parent, body), body_(body) {
    body_.promise().task = this;
    body_.promise().out = &value;
  }

  // Pending only if the runtime is torn down: a canceller may still be reading what the body waits for.
  ~typed_forked_task() {
    retire();
    body_.destroy();
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

  const std::coroutine_handle<coro_promise<T>> body_;
};

}  // namespace charkha::detail
