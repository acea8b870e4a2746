// SPDX-License-Identifier: Apache-2.0
// any_task: the handle of a task, whatever it gives.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "charkha/any_future.hpp"
#include "charkha/context.hpp"
#include "charkha/detail/task_record.hpp"

namespace charkha {

/// What task<T> is without its value: what current_task() and all_tasks() give. As `asyncio.Task`.
///
/// Awaiting it gives nothing, or the task's error. Thread-safety and empty handles as any_future.
class [[nodiscard]] any_task : public any_future {
 public:
  /// An empty handle.
  any_task() noexcept = default;

  /// How many cancel requests there were, less uncancel() calls.
  [[nodiscard]] std::uint32_t cancelling() const { return record().cancelling(); }
  /// Takes one request back, and if none is left also one that is not delivered yet. How many are left.
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  std::uint32_t uncancel() const { return record().uncancel(); }

  /// `Task-N`, or the name it was given.
  [[nodiscard]] std::string name() const { return record().name(); }
  void set_name(std::string_view name) const { record().set_name(name); }
  /// Where it was created. Unknown for children of when_all.
  [[nodiscard]] std::source_location site() const { return record().site(); }
  /// What it is suspended in, for a person who looks for what hangs: "sleep", "task NAME", "gather", "lock held by NAME"
  /// ("lock held by Task-N, which has ended" if that took the lock and has not released it), ...; "running" if it is not
  /// suspended, empty when it is done. It may have gone on by the time this returns. May go through all tasks to find
  /// the holder of a lock. Throws std::bad_alloc. As `Task.get_stack`.
  [[nodiscard]] std::string waiting_for() const { return record().waiting_for(); }
  /// The context that its context variables live in; changes are seen by both. As `Task.get_context()`.
  [[nodiscard]] charkha::context get_context() const { return charkha::context(record().context()); }

  /// As any_future's, called with an any_task.
  template <class Function>
    requires std::is_invocable_v<std::decay_t<Function>, any_task>
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  done_callback_id add_done_callback(Function&& function,
                                     const std::source_location& site = std::source_location::current()) const {
    return add_callback<any_task>(std::forward<Function>(function), site);
  }

 protected:
  explicit any_task(detail::intrusive_ptr<detail::future_core> core) noexcept : any_future(std::move(core)) {}

 private:
  friend detail::handle_access;
  template <class Handle, class Function>
  friend class detail::typed_done_callback;

  [[nodiscard]] detail::task_record& record() const { return static_cast<detail::task_record&>(core()); }
};

}  // namespace charkha
