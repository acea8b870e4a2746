// SPDX-License-Identifier: Apache-2.0
// The control block of a task on the heap: a task_core with a life of its own. Handles share it; the runtime holds a
// reference of its own until the task is done, so that dropping every handle detaches the task.
//
// Who may touch what
//   root, outcome             the running task, then complete(); read-only once the waiter list is closed
//   references, waiters       any thread
//   registry links            the runtime's registry, under its lock
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>

#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/result.hpp"
#include "charkha/detail/task_core.hpp"
#include "charkha/detail/waiter_list.hpp"

namespace charkha::detail {

class task_block : public task_core {
 public:
  /// `Task-N`, unless it was named.
  [[nodiscard]] std::string name() const;
  /// Where it was created.
  [[nodiscard]] const std::source_location& site() const noexcept { return site_; }

  [[nodiscard]] bool is_complete() const noexcept { return waiters.is_closed(); }
  /// After completion.
  [[nodiscard]] bool was_cancelled() const noexcept { return was_cancelled_; }
  [[nodiscard]] virtual std::exception_ptr error() const noexcept = 0;
  [[nodiscard]] bool has_failed() const noexcept { return result_kind() == outcome::error; }
  /// Somebody looks at how it ended: an error counts as seen.
  void mark_retrieved() noexcept { retrieved_.store(true, std::memory_order_relaxed); }

  [[nodiscard]] task_block* heap_block() noexcept final { return this; }

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  /// False: the last reference is gone and the block is about to be freed. For the registry, which holds none.
  [[nodiscard]] bool try_add_reference() noexcept;
  void drop_reference() noexcept;
  /// Is the caller's reference the only one? Stays true if it is.
  [[nodiscard]] bool is_sole_reference() const noexcept {
    // [last-reference] acquire, as in drop_reference().
    return references_.load(std::memory_order_acquire) == 1;
  }

  /// Its turn: the first one, or after a suspension.
  [[nodiscard]] std::coroutine_handle<> begin_turn(worker_context& worker) noexcept final;
  [[nodiscard]] std::coroutine_handle<> at_end(worker_context& worker) noexcept final;
  /// The last step, off the task's stack: its frame goes, then its waiters learn of the result.
  void complete(worker_context& worker) noexcept;
  /// For a runtime that is torn down while the task is pending: its frame goes, it counts as cancelled.
  void abandon() noexcept;

  waiter_list waiters;

 protected:
  task_block(executor& owner, std::coroutine_handle<> root, const std::source_location& site) noexcept
      : task_core(owner, root), root_(root), site_(site) {}
  ~task_block() = default;

 private:
  friend class task_registry;
  friend class pending_look;

  [[nodiscard]] virtual outcome result_kind() const noexcept = 0;
  virtual void set_error(std::exception_ptr error) noexcept = 0;
  virtual void free_block() noexcept = 0;
  void end_cancelled() noexcept;

  std::coroutine_handle<> root_;
  std::source_location site_;
  std::uint64_t number_ = 0;
  task_block* next_ = nullptr;                // in the registry
  task_block* previous_ = nullptr;            // in the registry
  std::atomic<std::uint32_t> references_{2};  // the runtime's and the first handle's
  std::uint8_t shard_ = 0;                    // of the registry
  bool started_ = false;
  bool was_cancelled_ = false;
  std::atomic<bool> retrieved_{false};
};

/// The block of a task that gives a T.
template <class T>
class typed_task_block final : public task_block {
 public:
  typed_task_block(executor& owner, std::coroutine_handle<> root, const std::source_location& site) noexcept
      : task_block(owner, root, site) {}

  [[nodiscard]] std::exception_ptr error() const noexcept override {
    return value.kind() == outcome::error ? value.error() : nullptr;
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* block, std::size_t size) noexcept { deallocate_frame(block, size); }

  result<T> value;

 private:
  [[nodiscard]] outcome result_kind() const noexcept override { return value.kind(); }
  void set_error(std::exception_ptr error) noexcept override { value.set_error(std::move(error)); }
  void free_block() noexcept override { delete this; }
};

}  // namespace charkha::detail
