// SPDX-License-Identifier: Apache-2.0
// report: something that would otherwise be lost quietly, and who is told about it.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>

namespace charkha {

/// What happened.
enum class report_kind : std::uint8_t {
  error_never_retrieved,    ///< a task or future failed and its last handle went before anybody looked at the error
  callback_failed,          ///< an error left a callback
  destroyed_while_pending,  ///< a runtime was torn down before the task ended
  worker_not_stopped,       ///< a worker was still inside a step when the shutdown's time was up; its thread was let go
  thread_not_stopped,       ///< a function given to to_thread had not ended by then; its thread was let go
  fatal_error,              ///< a fatal_error left a task
  slow_step,                ///< debug mode: a step took longer than runtime_options::slow_step
  coro_never_awaited,       ///< debug mode: a coro was destroyed on a worker, and nobody had ever started it
};

/// One report. `task_name` and `site` (where the task was created) are those of the task that it is about; for
/// coro_never_awaited of the task that destroyed it. About a future or a callback there is only a site: where it was
/// created or registered. Both are empty for worker_not_stopped and thread_not_stopped, and for the slow step of a
/// callback. A child of when_all has no site, and no name unless it was given one.
struct report {
  report_kind kind;
  std::string task_name;
  std::source_location site;
  std::exception_ptr error = nullptr;      ///< for error_never_retrieved, callback_failed and fatal_error
  std::chrono::nanoseconds duration = {};  ///< for slow_step: how long it took

  /// The same in one line, as the default handler writes it to stderr.
  [[nodiscard]] std::string text() const;
};

/// Receives each report once. Called on whichever thread noticed, with nothing locked; several threads at a time.
class report_handler {
 public:
  report_handler(const report_handler&) = delete;
  report_handler& operator=(const report_handler&) = delete;
  virtual void handle(const report& what) noexcept = 0;
  /// A fatal_error left a task: called once for each task that it leaves, before whoever awaits the task learns of it.
  /// The default writes the report to stderr and calls std::terminate. If it returns, the task ends with that error as
  /// with any other.
  virtual void fatal(const report& what) noexcept;

 protected:
  report_handler() noexcept = default;
  ~report_handler() = default;
};

namespace detail {
/// What becomes of a fatal error that no handler takes: one line on stderr, then std::terminate.
[[noreturn]] void end_program(const report& what) noexcept;
}  // namespace detail

}  // namespace charkha
