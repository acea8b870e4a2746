// SPDX-License-Identifier: Apache-2.0
// handlers: what the server is for. This is the part that charkha runs.
#pragma once

#include "charkha/clock.hpp"
#include "charkha/coro.hpp"
#include "request.hpp"
#include "response.hpp"

namespace http_backend {

/// Answers one request: 200, or 400, 404, 405, 500 with a sentence that says why, or 504 when the deadline passes; then
/// all that ran for it has been cancelled and has ended. Throws only charkha::cancelled_error.
[[nodiscard]] charkha::coro<response> handle(request asked, charkha::clock::time_point deadline);

}  // namespace http_backend
