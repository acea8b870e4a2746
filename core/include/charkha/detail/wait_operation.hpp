// SPDX-License-Identifier: Apache-2.0
// One wait of one task: what it waits for, and what a cancel request does to it. Lives in the awaiter, that is in the
// frame of the waiting task; a task has at most one at a time.
//
// Protocol, for every awaiter that suspends:
//   1 begin(task, frame)       the task is still active: nobody else can resume it
//   2 register with the thing awaited (timer, waiter list, ...); from here on it may call claim()
//   3 suspend()                the last touch of the frame, unless it says that the wait is over already
// and after the resumption: finish(), which throws if a cancel request is to be delivered. The awaiter then takes
// itself out of what it registered with (a canceller never does that), and gives back what it had been assigned.
//
// A completer takes the operation out of its structure and calls claim() under that structure's lock, so that the
// memory cannot go away under it; it makes the task ready after unlocking. One of claim() and a canceller wins.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "charkha/detail/task_state.hpp"

namespace charkha::detail {

class future_core;
class ready_item;
class task_core;

/// Something awaited that a cancel request is passed on to: a task, or a future that is none.
struct await_target {
  explicit await_target(task_core& at) noexcept : task(&at) {}
  explicit await_target(future_core& at) noexcept;
  task_core* task = nullptr;
  future_core* future = nullptr;
};

/// Where a cancel request for the waiting task goes.
enum class cancel_route : std::uint8_t {
  here,     // nothing to pass it on to: the wait ends, cancelled
  targets,  // to what is awaited; the wait goes on until they are done
  refused,  // what is awaited is done already: the request stays with the task
};

class wait_operation {
 public:
  wait_operation(const wait_operation&) = delete;
  wait_operation& operator=(const wait_operation&) = delete;

  // These four are called by a canceller that holds the waiting task, the next two by one who looks at it.

  [[nodiscard]] virtual cancel_route route_cancel() const noexcept { return cancel_route::here; }
  /// May a canceller end the wait while targets go on? Not if they live in the awaiter.
  [[nodiscard]] virtual bool may_end_early() const noexcept { return true; }
  /// At least one target took the request.
  virtual void cancel_passed_on() noexcept {}
  /// What is awaited and can be asked to stop.
  [[nodiscard]] virtual std::size_t target_count() const noexcept { return 0; }
  [[nodiscard]] virtual await_target target(std::size_t /*index*/) noexcept { return await_target(*task_); }

  /// What is awaited, in a word or two, for reports.
  [[nodiscard]] virtual std::string_view describe() const noexcept = 0;
  /// For a lock, the number of the task that has it, as lock_holder gives it.
  [[nodiscard]] virtual std::uint64_t holder() const noexcept { return 0; }

  /// The task will not resume, since its runtime is torn down: leaves what is awaited, and gives back what it had been
  /// assigned, for those that would be made ready otherwise. By whoever retired the task; no frame is destroyed yet, so
  /// what is awaited is there.
  virtual void abandon() noexcept {}

  /// Closes the wait for the completer. The task's turn, which the caller has to make ready; null if it was lost or the
  /// task carries on by itself.
  [[nodiscard]] ready_item* complete() noexcept;
  /// As complete(), for completers that must know whether they lost.
  [[nodiscard]] claim_result claim() noexcept;

  [[nodiscard]] task_core& task() const noexcept { return *task_; }

 protected:
  wait_operation() noexcept = default;
  /// What is not awaited yet can be moved, for combinators that keep it in a frame.
  wait_operation(wait_operation&& /*idle*/) noexcept {}
  ~wait_operation() = default;

  /// Step 0, only for what has to know its task before it knows whether it waits; then begun() says nothing.
  void belong_to(task_core& task) noexcept { task_ = &task; }
  /// Step 1. `frame` is where the task resumes.
  void begin(task_core& task, std::coroutine_handle<> frame) noexcept;
  /// begin() without saying where the task resumes.
  void set_up(task_core& task) noexcept;
  /// Step 3 of a fork scope, see basic_task_state::publish(). False: it was published before.
  bool publish() noexcept;
  /// Step 3. False: the wait is over, do not suspend.
  [[nodiscard]] bool suspend() noexcept;
  /// After the resumption. True: a cancel request is delivered now and the caller throws it.
  [[nodiscard]] bool resumed_by_cancel() noexcept;
  /// Did this operation ever begin a wait?
  [[nodiscard]] bool begun() const noexcept { return task_ != nullptr; }

 private:
  static bool act_on(task_core& task, suspend_result result) noexcept;

  task_core* task_ = nullptr;
  std::uint32_t wait_ = 0;
};

}  // namespace charkha::detail
