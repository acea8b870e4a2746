// SPDX-License-Identifier: Apache-2.0
// runtime: worker threads that run tasks.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "charkha/any_task.hpp"
#include "charkha/call_soon.hpp"
#include "charkha/callback_handle.hpp"
#include "charkha/clock.hpp"
#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/future.hpp"
#include "charkha/runtime_options.hpp"
#include "charkha/strand.hpp"
#include "charkha/task.hpp"
#include "charkha/task_options.hpp"

namespace charkha {

namespace detail {
class thread_driver;
}

/// A task that did not end in time.
struct unfinished_task {
  std::string name;
  /// What it was suspended in when the time was up, as any_task::waiting_for() says it: "sleep", "task NAME", "lock held
  /// by NAME", ...; "running" if it was not suspended.
  std::string waiting_for;
  /// Where it was created.
  std::source_location site;
};

/// What a shutdown left behind.
struct shutdown_result {
  /// The tasks that did not end in time.
  std::vector<unfinished_task> unfinished;
  /// Workers that were still inside a step; their threads were let go.
  std::size_t workers_not_stopped = 0;
  /// Threads that were still inside a function given to to_thread; they were let go.
  std::size_t threads_not_stopped = 0;

  /// Did everything end?
  [[nodiscard]] bool complete() const noexcept {
    return unfinished.empty() && workers_not_stopped == 0 && threads_not_stopped == 0;
  }
};

/// Worker threads with their queues and timers. Any number can live in one process; each has its own tasks.
///
/// A task may run on any worker of its runtime, and on another one after each suspension. Handles of tasks may outlive
/// the runtime. The functions may be called from any thread unless they say otherwise.
class runtime {
 public:
  /// Starts the workers. Throws std::invalid_argument for options that make no sense, std::system_error when a thread
  /// cannot be started (none is left behind then), std::bad_alloc.
  explicit runtime(const runtime_options& options = {});
  /// shutdown(options.shutdown_timeout), unless that was done. Not on a worker, of this or another runtime: the
  /// program is ended with a message.
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// Makes `body` a task of this runtime and returns its handle at once. Throws usage_error after shutdown() began,
  /// std::bad_alloc. As `asyncio.run_coroutine_threadsafe`.
  template <class T>
  [[nodiscard("dropping the handle detaches the task: say so by a cast to void")]]
  task<T> spawn(coro<T> body, const task_options& options = {},
                const std::source_location& site = std::source_location::current()) {
    return detail::start_task(executor(), std::move(body), options, site);
  }
  /// Calls `function` inside the new task and keeps it there: captures cannot dangle.
  template <class Function>
    requires detail::coroutine_function<Function>
  [[nodiscard]] auto spawn(Function&& function, const task_options& options = {},
                           const std::source_location& site = std::source_location::current()) {
    return spawn(detail::call_in_frame<std::decay_t<Function>>(std::forward<Function>(function)), options, site);
  }

  /// A pending future of this runtime. Throws std::bad_alloc.
  template <class T = void>
  [[nodiscard]] future<T> create_future(const std::source_location& site = std::source_location::current()) {
    return detail::make_future<T>(executor(), site);
  }
  /// A strand of this runtime. Throws std::bad_alloc.
  [[nodiscard]] strand create_strand() { return detail::strand_access::make(executor()); }

  /// As charkha::call_soon, call_later and call_at, from any thread. After a shutdown the call is not made. As
  /// `loop.call_soon_threadsafe`.
  template <std::invocable Function>
  callback_handle call_soon(Function&& function,  // NOLINT(modernize-use-nodiscard): most calls are never cancelled
                            const std::source_location& site = std::source_location::current()) {
    return detail::schedule_call(executor(), detail::worker_within(executor()), detail::scheduled_callback::no_deadline,
                                 std::forward<Function>(function), site);
  }
  template <class Rep, class Period, std::invocable Function>
  callback_handle call_later(std::chrono::duration<Rep, Period> delay, Function&& function,  // NOLINT
                             const std::source_location& site = std::source_location::current()) {
    auto* here = detail::worker_within(executor());
    return detail::schedule_call(executor(), here,
                                 detail::deadline_on(executor(), here, detail::to_nanoseconds(delay).count()),
                                 std::forward<Function>(function), site);
  }
  template <std::invocable Function>
  callback_handle call_at(clock::time_point when, Function&& function,  // NOLINT(modernize-use-nodiscard)
                          const std::source_location& site = std::source_location::current()) {
    return detail::schedule_call(executor(), detail::worker_within(executor()), when.time_since_epoch().count(),
                                 std::forward<Function>(function), site);
  }

  /// All tasks of this runtime that are not done, as charkha::all_tasks. From any thread.
  [[nodiscard]] std::vector<any_task> all_tasks() const;

  /// Ends the runtime, in this order: no new tasks from outside; all tasks are asked to stop, and those that they
  /// create meanwhile, until none is left or `timeout` has passed; functions given to to_thread that still run get their
  /// stop requested and have the rest of `timeout` to end; the workers stop; what is pending is destroyed and reported.
  /// Blocks; always returns, and says what did not end. A second call says the same again.
  /// A worker that does not leave its step within a second after that keeps its thread and the runtime's memory; tasks
  /// that are then still pending never complete, so a thread that is in get() for one of them stays there.
  /// The error of a task that fails meanwhile is reported as always: when its last handle goes, if nobody looked at it.
  /// Without memory for a list of the tasks they are not asked, but destroyed and reported. Throws usage_error on a
  /// worker; std::bad_alloc for the result alone, when the runtime is down.
  template <class Rep, class Period>
  shutdown_result shutdown(std::chrono::duration<Rep, Period> timeout) {
    return shutdown_within(detail::to_nanoseconds(timeout));
  }
  /// shutdown(options.shutdown_timeout).
  shutdown_result shutdown();

  /// Asks whoever is in wait_for_shutdown_request() to shut the runtime down; does nothing else, and nothing the second
  /// time. From any thread, from a task, and from a signal handler: it is async-signal-safe. The runtime must be alive:
  /// take the handler out before it is destroyed.
  void request_shutdown() noexcept;
  [[nodiscard]] bool shutdown_requested() const noexcept;
  /// Blocks the calling thread until request_shutdown() or shutdown() is called. Any number of threads. Throws
  /// usage_error on a worker.
  void wait_for_shutdown_request();

  [[nodiscard]] std::size_t worker_count() const noexcept;
  /// options.debug.
  [[nodiscard]] bool debug() const noexcept;
  [[nodiscard]] const std::string& name() const noexcept;

 private:
  [[nodiscard]] detail::executor& executor() const;
  shutdown_result shutdown_within(std::chrono::nanoseconds timeout);

  std::unique_ptr<detail::thread_driver> driver_;
};

}  // namespace charkha
