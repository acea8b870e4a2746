// SPDX-License-Identifier: Apache-2.0
// What only some tasks have: a name, the message of a cancel request, callbacks, a strand, somebody who is told of cancel
// requests. Made when first needed, so that the others do not pay for it; lives as long as its task.
#pragma once

#include <atomic>
#include <string>

#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/serial_queue.hpp"
#include "charkha/detail/spin_lock.hpp"

namespace charkha::detail {

class forked_record;
class task_core;

/// Told when somebody asks its task to stop. Shared by the task and by turns on their way.
class cancel_listener : public ready_item {
 public:
  /// Called once for each request, on the canceller's thread, with nothing of the library locked.
  virtual void cancel_requested() noexcept = 0;
  virtual void add_reference() noexcept = 0;
  virtual void drop_reference() noexcept = 0;

  /// For cancellers that hold a lock: makes it a turn. Takes over a reference.
  void run(worker_context& /*worker*/) noexcept final {
    cancel_requested();
    drop_reference();
  }
  void discard() noexcept final { drop_reference(); }

 protected:
  cancel_listener() noexcept = default;
  ~cancel_listener() = default;
};

class task_notes final : public serial_item {
 public:
  explicit task_notes(task_core& owner) noexcept : task(owner) {}
  ~task_notes();

  /// The task's turn on its strand.
  void run_serially(worker_context& worker) noexcept override;
  void discard_serially() noexcept override;

  task_core& task;
  intrusive_ptr<serial_queue> strand;  // set before the task first becomes ready

  /// See task_record::set_listener.
  [[nodiscard]] intrusive_ptr<cancel_listener> set_listener(intrusive_ptr<cancel_listener> told) noexcept;

  std::atomic<serial_queue*> callbacks{nullptr};  // see first_queue()
  // The first one set stays. [task-notes] release when set, acquire when read: constructed before it is found.
  std::atomic<cancel_listener*> listener{nullptr};
  std::atomic<forked_record*> record{nullptr};  // of a child of when_all that somebody has a handle of

  mutable spin_lock lock;
  std::string name CHARKHA_GUARDED_BY(lock);
  std::string cancel_message CHARKHA_GUARDED_BY(lock);
};

}  // namespace charkha::detail
