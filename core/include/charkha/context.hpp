// SPDX-License-Identifier: Apache-2.0
// context: the values that context variables have for a task.
#pragma once

#include <functional>
#include <utility>

#include "charkha/detail/context_state.hpp"
#include "charkha/detail/intrusive_ptr.hpp"

namespace charkha {

class any_task;
namespace detail {
struct context_access;
}

/// A set of values of context variables. Every task has one of its own: a copy, made when the task was created, of its
/// creator's. It travels with the task between workers. As `contextvars.Context`.
///
/// Copies of a handle are the same context. Give one to task_options::context to let tasks share it. All functions may
/// be called from any thread, on handles that no other thread changes at the same time.
class context {
 public:
  /// An empty context.
  context() : state_(detail::intrusive_ptr<detail::context_state>::adopt(*new detail::context_state)) {}

  /// A copy of the calling task's (or callback's, or thread's) context. As `contextvars.copy_context`.
  [[nodiscard]] static context copy_current() {
    auto copied = detail::copy_current_context();
    return copied ? context(std::move(copied)) : context();
  }

  /// Calls `function` with this as the current context and gives what it gives. It must not suspend. As `Context.run`.
  template <class Function>
  decltype(auto) run(Function&& function) const {
    detail::context_slot slot(state_);
    const detail::context_scope scope(&slot);
    return std::invoke(std::forward<Function>(function));
  }

  friend bool operator==(const context&, const context&) noexcept = default;

 private:
  friend any_task;
  friend struct detail::context_access;
  explicit context(detail::intrusive_ptr<detail::context_state> state) noexcept : state_(std::move(state)) {}

  detail::intrusive_ptr<detail::context_state> state_;
};

namespace detail {
struct context_access {
  [[nodiscard]] static const intrusive_ptr<context_state>& state(const context& of) noexcept { return of.state_; }
};
}  // namespace detail
}  // namespace charkha
