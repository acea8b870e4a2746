// SPDX-License-Identifier: Apache-2.0
#include "charkha/report.hpp"

#include <cstdio>
#include <exception>

#include "charkha/detail/describe_exception.hpp"

namespace charkha {

std::string report::text() const {
  const auto created = [this] {
    std::string who = "task " + task_name;
    if (task_name.empty()) {
      who = kind == report_kind::error_never_retrieved ? "a future" : "a callback or a child of when_all";
    }
    if (site.line() != 0)
      who += std::string(" (created at ") + site.file_name() + ":" + std::to_string(site.line()) + ")";
    return who;
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
    case report_kind::fatal_error:
      return "charkha: a fatal error left " + created() + ": " + detail::describe_exception(error);
    case report_kind::slow_step:
      return "charkha: a step of " + created() + " took " +
             std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
             " ms; meanwhile its worker did nothing else";
    case report_kind::coro_never_awaited:
      return "charkha: a coroutine was never awaited; it was destroyed by " + created();
  }
  return "charkha: unknown report";
}

void report_handler::fatal(const report& what) noexcept { detail::end_program(what); }

namespace detail {

void end_program(const report& what) noexcept {
  static_cast<void>(std::fprintf(stderr, "%s\n", what.text().c_str()));
  std::terminate();
}

}  // namespace detail

}  // namespace charkha
