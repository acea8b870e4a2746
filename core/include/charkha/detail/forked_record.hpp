// SPDX-License-Identifier: Apache-2.0
// What stands for a child of when_all once somebody has a handle of it: the child's control block lives in its parent's
// awaiter and goes with it, this stays.
//
//   child_ == the child, until it ends --end()--> child_ == null, how it ended is kept here
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>

#include "charkha/detail/executor.hpp"
#include "charkha/detail/serial_queue.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "charkha/detail/task_record.hpp"

namespace charkha::detail {

class forked_task;

class forked_record final : public task_record {
 public:
  /// The record of `child`, made if there is none yet. By the task that runs as that child.
  [[nodiscard]] static intrusive_ptr<forked_record> of(forked_task& child);

  /// The child has ended, or is torn down. Once; by whoever ends it.
  void end(std::exception_ptr error, bool cancelled) noexcept;

  [[nodiscard]] executor& home() const noexcept override { return runtime_; }
  bool cancel(std::string_view message) noexcept override;
  [[nodiscard]] cancel_answer ask(std::string_view message) noexcept override;
  [[nodiscard]] const task_core* forked_child() const noexcept override;
  [[nodiscard]] bool stands_for(const task_core& task) const noexcept override;
  [[nodiscard]] std::exception_ptr error() const noexcept override { return error_; }
  [[nodiscard]] serial_queue& callbacks() override { return *callbacks_; }
  [[nodiscard]] std::uint32_t cancelling() const noexcept override;
  std::uint32_t uncancel() noexcept override;
  [[nodiscard]] std::string name() const override;
  void set_name(std::string_view name) override;
  [[nodiscard]] const std::source_location& site() const noexcept override { return site_; }
  [[nodiscard]] std::string waiting_for() override;
  [[nodiscard]] intrusive_ptr<context_state> context() override;
  [[nodiscard]] intrusive_ptr<cancel_listener> set_listener(intrusive_ptr<cancel_listener> told) override;

 private:
  explicit forked_record(forked_task& child);
  ~forked_record();
  [[nodiscard]] outcome result_kind() const noexcept override { return error_ ? outcome::error : outcome::value; }
  void last_reference_gone() noexcept override { delete this; }

  executor& runtime_;
  std::uint8_t retained_;
  std::source_location site_;
  intrusive_ptr<serial_queue> callbacks_;
  std::exception_ptr error_;  // written by end()
  mutable spin_lock lock_;
  // Not null: the child cannot end while the lock is held. A task that waits may be held beyond that.
  forked_task* child_ CHARKHA_GUARDED_BY(lock_);
  std::string last_name_ CHARKHA_GUARDED_BY(lock_);  // once the child has ended
};

}  // namespace charkha::detail
