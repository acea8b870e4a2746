// SPDX-License-Identifier: Apache-2.0
// stop_token_of and cancel_on: cancellation to and from code that speaks std::stop_token.
#pragma once

#include <stop_token>

#include "charkha/any_task.hpp"

namespace charkha {

/// A token that is asked to stop when `task` is: for code that cannot be reached by cancelled_error, such as a long
/// computation that looks at the token, or a library that takes one. Its callbacks run on the thread that cancels the
/// task (with a time-out, on a worker), with nothing locked. If the task was asked to stop before, so is the token; if
/// it has ended, the token never will be.
///
/// From any thread. Throws usage_error for an empty handle, std::bad_alloc.
[[nodiscard]] std::stop_token stop_token_of(const any_task& task);

/// Cancels `task` when `token` is asked to stop, at once if it was already. Ends with the task. From any thread; throws
/// usage_error for an empty handle, std::bad_alloc.
void cancel_on(const any_task& task, const std::stop_token& token);

}  // namespace charkha
