// SPDX-License-Identifier: Apache-2.0
// Status line, headers, body.
#include "response.hpp"

#include <http_parser.h>

#include <array>
#include <ctime>

namespace http_backend {

namespace {

void append_date(std::string& out) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 40> text{};
  out.append(text.data(), std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc));
}

}  // namespace

void append(std::string& out, const response& answer, wire_format format) {
  out += "HTTP/1.1 ";
  out += std::to_string(answer.status);
  out += ' ';
  out += http_status_str(static_cast<http_status>(answer.status));
  out += "\r\n";
  append_date(out);
  out += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: ";
  out += std::to_string(answer.body.size());
  out += "\r\n";
  if (!answer.allow.empty()) {
    out += "Allow: ";
    out += answer.allow;
    out += "\r\n";
  }
  if (format.connection == connection_header::close) out += "Connection: close\r\n";
  if (format.connection == connection_header::keep_alive) out += "Connection: keep-alive\r\n";
  out += "\r\n";
  if (!format.head_only) out += answer.body;
}

}  // namespace http_backend
