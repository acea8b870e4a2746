// SPDX-License-Identifier: Apache-2.0
// How something ended, in one line that a test can compare: `done`, the text of the error, `cancelled(message)`, and for
// an exception_group its errors, sorted: `{a, {b}}`.
#pragma once

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/coro.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/promise_base.hpp"
#include "charkha/detail/task_core.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/task.hpp"

namespace charkha::test {

inline std::string describe(const std::exception_ptr& error) {
  if (!error) return "done";
  try {
    std::rethrow_exception(error);
  } catch (const exception_group& group) {
    std::vector<std::string> parts;
    for (const auto& each : group.errors()) parts.push_back(describe(each));
    std::sort(parts.begin(), parts.end());
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "{" : ", ") + part;
    return text + "}";
  } catch (const cancelled_error& request) {
    return "cancelled(" + request.message() + ")";
  } catch (const std::exception& plain) {
    return plain.what();
  }
}

/// Runs it in the awaiting task.
template <class T>
coro<std::string> outcome_of(coro<T> body) {
  std::exception_ptr error;
  try {
    static_cast<void>(co_await std::move(body));
  } catch (...) {
    error = std::current_exception();
  }
  co_return describe(error);
}

/// Awaits it.
template <class T>
coro<std::string> outcome_of(task<T> handle) {
  std::exception_ptr error;
  try {
    static_cast<void>(co_await handle);
  } catch (...) {
    error = std::current_exception();
  }
  co_return describe(error);
}

/// Runs a coro up to its end or first suspension on this thread, where no task is.
template <class T>
std::string outcome_without_a_task(coro<T> body) {
  detail::result<T> out;
  const auto frame = detail::coro_access::frame(body);
  frame.promise().out = &out;
  frame.promise().continuation = std::noop_coroutine();
  frame.resume();
  return out.kind() == detail::outcome::error ? describe(out.error()) : "done";
}

/// The running task's count of cancel requests.
inline std::uint32_t requests_here() { return detail::current_worker()->current->state.cancelling(); }
/// Asks the running task to stop.
inline void cancel_oneself(std::string_view message = {}) { detail::current_worker()->current->cancel(message); }

}  // namespace charkha::test
