// SPDX-License-Identifier: Apache-2.0
// Several futures and the one moment when enough of them are complete: what gather, wait, shield and wait_for wait for.
//
//   a child completes -> it is the decisive one: `settle` goes through the ready queue -> those who wait are woken
// The hop through the queue is asyncio's: a child's callback runs in the turn after the child, the awaiter in the next.
//
// Users have references. All users together hold the set, and so do all its children, and a `settle` on its way before
// all children have completed; after the last one it has the children's hold. That one is let go of in a ready item and
// never in completed(): freeing runs destructors of results, which are not for locks.
// The set refers to its children as long as it has a user. After that they are on their own: a future that nobody can
// complete any more is freed, takes itself out of the set (dropped()), and the last one frees the set.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "charkha/detail/executor.hpp"
#include "charkha/detail/future_core.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/wait_operation.hpp"
#include "charkha/detail/waiter_list.hpp"

namespace charkha::detail {

enum class settle_when : std::uint8_t {
  all_completed,
  first_completed,
  first_exception,  // an error that is no cancellation, or all
  first_failure,    // an error or a cancellation, or all
};

class completion_set final {
 public:
  /// `sees_errors`: the children's errors count as seen, also those that come after settling. Throws std::bad_alloc.
  [[nodiscard]] static intrusive_ptr<completion_set> make(executor& owner, std::size_t children, settle_when rule,
                                                          bool sees_errors);

  /// The children are set in order, then start() begins to wait for them.
  void set_child(std::size_t index, intrusive_ptr<future_core> child) noexcept {
    children_[index].core = child.release();
  }
  /// `at_once`: children that are complete already count now, instead of in a turn of their own. Throws usage_error for
  /// a child of another runtime; `what` is named then.
  void start(bool at_once, std::string_view what);
  /// The children that are not complete are not waited for any more.
  void stop() noexcept;

  [[nodiscard]] future_core& child(std::size_t index) const noexcept { return *children_[index].core; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_settled() const noexcept { return waiters.is_closed(); }
  /// After settling: the child whose failure settled it, or null.
  [[nodiscard]] const future_core* failed() const noexcept { return failed_ == nullptr ? nullptr : failed_->core; }
  [[nodiscard]] bool has_child(const task_core& task) const noexcept;

  /// A cancel request was passed on to the children. Kept for those who throw it when all are done.
  void note_cancel(bool noted = true) noexcept { cancel_noted_.store(noted, std::memory_order_relaxed); }
  [[nodiscard]] bool cancel_noted() const noexcept { return cancel_noted_.load(std::memory_order_relaxed); }

  // by users
  void add_reference() noexcept { users_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept;

  waiter_list waiters;
  executor& runtime;

 private:
  struct entry final : waiter {
    entry() noexcept = default;
    [[nodiscard]] ready_item* completed() noexcept override { return set->child_completed(*this); }
    void dropped() noexcept override { set->child_dropped(); }
    completion_set* set = nullptr;
    future_core* core = nullptr;  // referred to as long as there is a user; there while it completes
  };
  struct settle_item final : ready_item {
    explicit settle_item(completion_set& owner) noexcept : set(owner) {}
    void run(worker_context& worker) noexcept override;
    void discard() noexcept override;
    completion_set& set;
    std::uint32_t holds = 1;  // what it lets go of: its own, or the children's, or both
  };
  struct release_item final : ready_item {
    explicit release_item(completion_set& owner) noexcept : set(owner) {}
    void run(worker_context& worker) noexcept override;
    void discard() noexcept override;
    completion_set& set;
  };

  completion_set(executor& owner, std::size_t children, settle_when rule, bool sees_errors) noexcept;
  ~completion_set() = default;
  [[nodiscard]] static constexpr std::size_t bytes(std::size_t children) noexcept {
    return sizeof(completion_set) + children * sizeof(entry);
  }
  void release(std::uint32_t holds = 1) noexcept;

  [[nodiscard]] ready_item* child_completed(const entry& child) noexcept;
  void child_dropped() noexcept;
  [[nodiscard]] bool is_decisive(const future_core& child, bool failed) const noexcept;

  entry* const children_;  // they lie behind the set
  std::size_t size_;
  settle_when rule_;
  bool sees_errors_;
  settle_item settle_{*this};
  release_item release_{*this};
  const entry* failed_ = nullptr;  // written by the one who decides
  std::atomic<std::size_t> remaining_;
  std::atomic<std::uint32_t> users_{1};
  std::atomic<std::uint32_t> holds_{1};  // the users'
  std::atomic<bool> decided_{false};     // by a child that need not wait for the others
  std::atomic<bool> cancel_noted_{false};
};

/// Waits until a set has settled.
class completion_wait : public wait_operation, public waiter {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return set_->is_settled(); }
  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) {
    return wait(*frame.promise().task, frame);
  }
  [[nodiscard]] std::string_view describe() const noexcept final { return name_; }
  [[nodiscard]] ready_item* completed() noexcept final { return complete(); }

 protected:
  /// `name` for reports; stays alive.
  completion_wait(intrusive_ptr<completion_set> set, std::string_view name) noexcept
      : set_(std::move(set)), name_(name) {}
  ~completion_wait();
  /// Steps 1 and 2 of a wait. False: it has settled already. Throws usage_error.
  [[nodiscard]] bool enter(task_core& self, std::coroutine_handle<> frame);
  bool wait(task_core& self, std::coroutine_handle<> frame) { return enter(self, frame) && suspend(); }
  /// After the resumption: true if a cancel request is to be thrown. Nobody will call completed() any more.
  [[nodiscard]] bool left_by_cancel() noexcept;
  [[nodiscard]] completion_set& set() const noexcept { return *set_; }

 private:
  intrusive_ptr<completion_set> set_;
  std::string_view name_;
};

/// A wait that passes cancel requests on to the children: gather's.
class gather_wait : public completion_wait {
 public:
  [[nodiscard]] cancel_route route_cancel() const noexcept final {
    return set().is_settled() ? cancel_route::refused : cancel_route::targets;
  }
  void cancel_passed_on() noexcept final { set().note_cancel(); }
  [[nodiscard]] std::size_t target_count() const noexcept final { return set().size(); }
  [[nodiscard]] await_target target(std::size_t index) noexcept final { return await_target(set().child(index)); }

 protected:
  explicit gather_wait(intrusive_ptr<completion_set> set) noexcept : completion_wait(std::move(set), "gather") {}
  ~gather_wait() = default;
  /// After the resumption: throws what a cancel request or the first failed child throws.
  void finish();
};

}  // namespace charkha::detail
