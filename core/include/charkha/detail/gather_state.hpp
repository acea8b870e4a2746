// SPDX-License-Identifier: Apache-2.0
// What a gather shares with its children. It settles when the last child is complete, or when the first one fails, and
// lives until every child is complete and the gather itself is gone.
//
//   a child completes -> it is the decisive one: `settle` goes through the ready queue -> the awaiter is woken
// The hop through the queue is asyncio's: a child's callback runs in the turn after the child, the awaiter in the next.
//
// References: the gather holds one, all children together hold one, a `settle` on its way holds one. The children's is
// dropped from a ready item and never in completed(): freeing runs destructors of results, which are not for locks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>

#include "charkha/detail/executor.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/detail/waiter_list.hpp"

namespace charkha::detail {

class gather_state final {
 public:
  gather_state(executor& owner, std::size_t children);

  /// The children are set in order, then start() begins to wait for them.
  void set_child(std::size_t index, intrusive_ptr<task_block> child) { children_[index].task = std::move(child); }
  void start();

  [[nodiscard]] task_block& child(std::size_t index) const noexcept { return *children_[index].task; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// After settling: throws the first error, or cancelled_error with `message` if a cancel request was passed on.
  void rethrow_failure(std::string_view message) const;

  /// A cancel request was passed on to the children: when they are done the gather throws it.
  void note_cancel() noexcept { cancel_requested_.store(true, std::memory_order_relaxed); }

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept;

  waiter_list waiters;
  executor& runtime;

 private:
  struct child_entry final : waiter {
    child_entry() noexcept = default;
    [[nodiscard]] ready_item* completed() noexcept override { return state->child_completed(*this); }
    gather_state* state = nullptr;
    intrusive_ptr<task_block> task;
  };
  struct settle_item final : ready_item {
    explicit settle_item(gather_state& owner) noexcept : state(owner) {}
    void run(worker_context& worker) noexcept override;
    void discard() noexcept override;
    gather_state& state;
    bool releases_children = false;  // the decisive child was also the last
  };
  struct release_item final : ready_item {
    explicit release_item(gather_state& owner) noexcept : state(owner) {}
    void run(worker_context& worker) noexcept override;
    void discard() noexcept override;
    gather_state& state;
  };

  [[nodiscard]] ready_item* child_completed(const child_entry& child) noexcept;

  std::unique_ptr<child_entry[]> children_;
  std::size_t size_;
  settle_item settle_{*this};
  release_item release_{*this};
  const child_entry* failed_ = nullptr;  // written by the one who settles
  std::atomic<std::size_t> remaining_;
  std::atomic<std::uint32_t> references_{1};
  std::atomic<bool> settled_{false};
  std::atomic<bool> cancel_requested_{false};
};

/// Waits until the gather has settled.
class gather_wait : public wait_operation, public waiter {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return state_->waiters.is_closed(); }
  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) {
    return wait(*frame.promise().task, frame);
  }
  [[nodiscard]] cancel_route route_cancel() const noexcept final {
    return state_->waiters.is_closed() ? cancel_route::refused : cancel_route::targets;
  }
  void cancel_passed_on() noexcept final { state_->note_cancel(); }
  [[nodiscard]] std::size_t target_count() const noexcept final { return state_->size(); }
  [[nodiscard]] task_core& target(std::size_t index) noexcept final { return state_->child(index); }
  [[nodiscard]] std::string_view describe() const noexcept final { return "gather"; }
  [[nodiscard]] ready_item* completed() noexcept final { return complete(); }

 protected:
  explicit gather_wait(intrusive_ptr<gather_state> state) noexcept : state_(std::move(state)) {}
  ~gather_wait();
  /// After the resumption: throws what a cancel request or the first failed child throws.
  void finish();
  [[nodiscard]] gather_state& state() const noexcept { return *state_; }

 private:
  bool wait(task_core& self, std::coroutine_handle<> frame);
  intrusive_ptr<gather_state> state_;
};

}  // namespace charkha::detail
