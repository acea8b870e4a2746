// SPDX-License-Identifier: Apache-2.0
#include "charkha/report.hpp"

#include "charkha/detail/describe_exception.hpp"

namespace charkha {

std::string report::text() const {
  const auto created = [this] {
    return (task_name.empty() ? std::string("a future") : "task " + task_name) + " (created at " + site.file_name() +
           ":" + std::to_string(site.line()) + ")";
  };
  switch (kind) {
    case report_kind::error_never_retrieved:
      return "charkha: the error of " + created() + " was never retrieved: " + detail::describe_exception(error);
    case report_kind::callback_failed:
      return std::string("charkha: an error left the callback registered at ") + site.file_name() + ":" +
             std::to_string(site.line()) + ": " + detail::describe_exception(error);
    case report_kind::destroyed_while_pending:
      return "charkha: " + created() + " was destroyed but it is pending";
    case report_kind::worker_not_stopped:
      return "charkha: a worker did not leave its step before the shutdown's time was up; its thread goes on, detached";
    case report_kind::thread_not_stopped:
      return "charkha: a function given to to_thread did not end before the shutdown's time was up; its thread goes "
             "on, "
             "detached";
  }
  return "charkha: unknown report";
}

}  // namespace charkha
