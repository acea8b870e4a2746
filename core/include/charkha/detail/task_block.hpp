// SPDX-License-Identifier: Apache-2.0
// The control block of a task on the heap: a task_core with a life of its own. Handles share it; the runtime holds a
// reference of its own until the task is done, so that dropping every handle detaches the task.
//
// Who may touch what
//   root, outcome             the running task, then complete(); read-only once the waiter list is closed
//   number, registry links    the runtime's registry, under its lock; the number is read-only once the task is listed
//   the rest                  as task_core and future_core say
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <utility>

#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/result.hpp"
#include "charkha/detail/task_core.hpp"
#include "charkha/detail/task_record.hpp"

namespace charkha::detail {

class task_block : public task_core, public task_record {
 public:
  // As a record. What task_core calls the same is the same.
  [[nodiscard]] executor& home() const noexcept final { return runtime; }
  bool cancel(std::string_view message) noexcept final { return task_core::cancel(message); }
  [[nodiscard]] cancel_answer ask(std::string_view message) noexcept final { return task_core::ask(message); }
  [[nodiscard]] task_core* task() noexcept final { return this; }
  [[nodiscard]] bool stands_for(const task_core& other) const noexcept final { return &other == this; }
  [[nodiscard]] bool can_be_awaited_by(const task_core& other) const noexcept final {
    return &other.runtime == &runtime && &other != this;
  }
  [[nodiscard]] serial_queue& callbacks() final;
  [[nodiscard]] std::uint32_t cancelling() const noexcept final { return state.cancelling(); }
  std::uint32_t uncancel() noexcept final { return state.uncancel(); }
  /// `Task-N`, unless it was named.
  [[nodiscard]] std::string name() const final;
  void set_name(std::string_view name) final { task_core::set_name(name); }
  [[nodiscard]] const std::source_location& site() const noexcept final { return site_; }
  [[nodiscard]] std::string waiting_for() final;
  [[nodiscard]] intrusive_ptr<context_state> context() final {
    return intrusive_ptr<context_state>(task_core::context.demand());
  }
  [[nodiscard]] intrusive_ptr<cancel_listener> set_listener(intrusive_ptr<cancel_listener> told) final {
    return demand_notes().set_listener(std::move(told));
  }

  void run(worker_context& worker) noexcept final;
  /// Its turn: the first one, or after a suspension.
  [[nodiscard]] std::coroutine_handle<> begin_turn(worker_context& worker) noexcept final;
  /// The first turn, at once, inside the creating task's. The task is not ready and goes on from there by itself.
  void run_eagerly(worker_context& worker) noexcept;
  /// The last step, off the task's stack: its frame goes, then its waiters learn of the result.
  void complete(worker_context& worker) noexcept;
  /// For a runtime that is torn down while the task is pending: nobody can resume, cancel or read it any more, and it
  /// leaves what it waits for. All tasks are retired before the first is abandoned: a lock that one waits for may lie in
  /// another one's frame.
  void retire() noexcept;
  /// After that: its frame goes, it counts as cancelled.
  void abandon() noexcept;
  /// The same for a task that is refused before its first turn, in a runtime that goes on.
  void refuse() noexcept;
  /// For one that was never enlisted: it goes, and its body with it.
  void drop_unlisted() noexcept;

  /// Given by the runtime when it enlists the task, and never again to another one. Zero before.
  std::uint64_t number = 0;

 protected:
  task_block(executor& owner, std::coroutine_handle<> root, const std::source_location& site) noexcept
      : task_core(owner, root, {}, place::heap),
        task_record(2),  // the runtime's and the first handle's
        root_(root),
        site_(site) {}
  ~task_block() = default;

 private:
  friend class task_registry;
  friend class pending_look;
  friend class pending_walk;

  virtual void set_error(std::exception_ptr error) noexcept = 0;
  virtual void free_block() noexcept = 0;
  void last_reference_gone() noexcept final;
  void end_cancelled() noexcept;
  void end_failed() noexcept;
  void report_unretrieved() const noexcept;

  std::coroutine_handle<> root_;
  std::source_location site_;
  task_block* next_ = nullptr;      // in the registry
  task_block* previous_ = nullptr;  // in the registry
};

inline task_block* task_core::heap_block() noexcept {
  return lives_ == place::heap ? static_cast<task_block*>(this) : nullptr;
}
inline const task_block* task_core::heap_block() const noexcept {
  return lives_ == place::heap ? static_cast<const task_block*>(this) : nullptr;
}

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
