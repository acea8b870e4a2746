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
  error_never_retrieved,    ///< a task or future failed and its last handle went before anybody looked at the error
  callback_failed,          ///< an error left a callback
  destroyed_while_pending,  ///< a runtime was torn down before the task ended
  worker_not_stopped,       ///< a worker was still inside a step when the shutdown's time was up; its thread was let go
  thread_not_stopped,       ///< a function given to to_thread had not ended by then; its thread was let go
};

/// One report. `task_name` is empty when it is not about a task, and so is `site`, where the task or future was created or
/// the callback registered, when there is none.
struct report {
  report_kind kind;
  std::string task_name;
  std::source_location site;
  std::exception_ptr error;  ///< for error_never_retrieved and callback_failed

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
