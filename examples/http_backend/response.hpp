// SPDX-License-Identifier: Apache-2.0
// response: what a client is told, and how that looks on the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace http_backend {

struct response {
  response(unsigned code, std::string text) : status(code), body(std::move(text)) {}

  unsigned status;
  std::string body;
  std::string_view allow = {};  ///< for a 405: the methods that are allowed
};

/// What the Connection header says.
enum class connection_header : std::uint8_t { none, keep_alive, close };

/// How one response is written.
struct wire_format {
  bool head_only = false;  ///< for HEAD: all that belongs to the body, but not the body
  connection_header connection = connection_header::none;
};

/// Appends the response to `out`.
void append(std::string& out, const response& answer, wire_format format);

}  // namespace http_backend
