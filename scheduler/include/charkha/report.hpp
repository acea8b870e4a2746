// SPDX-License-Identifier: Apache-2.0
// report: something that would otherwise be lost quietly, and who is told about it.
#pragma once

#include <cstdint>
#include <exception>
#include <source_location>
#include <string>

namespace charkha {

/// What happened.
enum class report_kind : std::uint8_t {
  error_never_retrieved,    ///< a task failed and its last handle went without anybody having looked at the error
  destroyed_while_pending,  ///< a runtime was torn down before the task ended
  worker_not_stopped,       ///< a worker was still inside a step when the shutdown's time was up; its thread was let go
  thread_not_stopped,       ///< a function given to to_thread had not ended by then; its thread was let go
};

/// One report. `task_name` and `site` (where the task was created) are empty for worker_not_stopped and
/// thread_not_stopped.
struct report {
  report_kind kind;
  std::string task_name;
  std::source_location site;
  std::exception_ptr error;  ///< for error_never_retrieved

  /// The same in one line, as the default handler writes it to stderr.
  [[nodiscard]] std::string text() const;
};

/// Receives each report once. Called on whichever thread noticed, with nothing locked; several threads at a time.
class report_handler {
 public:
  report_handler(const report_handler&) = delete;
  report_handler& operator=(const report_handler&) = delete;
  virtual void handle(const report& what) noexcept = 0;

 protected:
  report_handler() noexcept = default;
  ~report_handler() = default;
};

}  // namespace charkha
