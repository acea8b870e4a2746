// SPDX-License-Identifier: Apache-2.0
// What a handle of a task can ask, whatever the task gives and wherever its control block lives.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

#include "charkha/detail/context_state.hpp"
#include "charkha/detail/future_core.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/task_notes.hpp"

namespace charkha::detail {

/// Every function may be called from any thread.
class task_record : public future_core {
 public:
  [[nodiscard]] virtual std::uint32_t cancelling() const noexcept = 0;
  virtual std::uint32_t uncancel() noexcept = 0;
  [[nodiscard]] virtual std::string name() const = 0;
  virtual void set_name(std::string_view name) = 0;
  /// Where the task was created.
  [[nodiscard]] virtual const std::source_location& site() const noexcept = 0;
  /// What it is suspended in, as describe_wait() says it; empty when it is done.
  [[nodiscard]] virtual std::string waiting_for() = 0;
  /// The task's context; a context of its own if the task has ended and left none.
  [[nodiscard]] virtual intrusive_ptr<context_state> context() = 0;
  /// Tells `listener` of each cancel request from now on, unless somebody is told already. What is told from now on; null
  /// if there is nothing to be told of any more.
  [[nodiscard]] virtual intrusive_ptr<cancel_listener> set_listener(intrusive_ptr<cancel_listener> listener) = 0;

  [[nodiscard]] std::string describe() const final { return "task " + name(); }

 protected:
  using future_core::future_core;
  ~task_record() = default;
};

}  // namespace charkha::detail
