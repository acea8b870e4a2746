// SPDX-License-Identifier: Apache-2.0
// strand: a set of tasks that never run in parallel.
#pragma once

#include <source_location>
#include <utility>

#include "charkha/create_task.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/serial_queue.hpp"
#include "charkha/task_options.hpp"

namespace charkha {

namespace detail {
struct strand_access;
}  // namespace detail

/// What asyncio gives for free by having one thread: of the tasks on one strand at most one runs at a time, on whichever
/// worker, and they take their turns in the order in which they became ready. Code between two awaits is atomic against
/// the other tasks of the strand, so data that only they touch needs no lock.
///
/// Copies of a handle are the same strand. A task is on a strand for life if it was created with
/// `strand.create_task(...)` or with task_options::on; tasks that it creates are not, unless they are created so too,
/// and the children of when_all and when_any never are: they run in parallel. A strand belongs to one runtime. A busy
/// strand gives way to other work of its worker every 61 turns.
class strand {
 public:
  /// A strand of the running runtime. Throws usage_error on a thread that is no worker, std::bad_alloc.
  strand() : strand(detail::current_runtime()) {}

  /// As charkha::create_task, on this strand, for a coro or for a callable without arguments that gives one. From any
  /// worker of the runtime.
  template <class Body>
  [[nodiscard]] auto create_task(Body&& body, task_options options = {},
                                 const std::source_location& site = std::source_location::current()) const {
    options.on = this;
    return charkha::create_task(std::forward<Body>(body), options, site);
  }

  /// Is the caller a task on this strand? Then nobody else on it runs.
  [[nodiscard]] bool running_here() const noexcept;

  friend bool operator==(const strand&, const strand&) noexcept = default;

 private:
  friend detail::strand_access;
  explicit strand(detail::executor& runtime)
      : queue_(detail::intrusive_ptr<detail::serial_queue>::adopt(*new detail::serial_queue(runtime))) {}

  detail::intrusive_ptr<detail::serial_queue> queue_;
};

namespace detail {
struct strand_access {
  [[nodiscard]] static const intrusive_ptr<serial_queue>& queue(const strand& of) noexcept { return of.queue_; }
  [[nodiscard]] static strand make(executor& runtime) { return strand(runtime); }
};
}  // namespace detail
}  // namespace charkha
