// SPDX-License-Identifier: Apache-2.0
// How a response looks on the wire.
#include "response.hpp"

#include <doctest/doctest.h>

#include <string>

using http_backend::append;
using http_backend::connection_header;
using http_backend::response;

namespace {

bool holds(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("status line, headers, empty line, body") {
  std::string wire = "before ";
  append(wire, response(200, "hello\n"), {});
  CHECK(wire.starts_with("before HTTP/1.1 200 OK\r\nDate: "));
  CHECK(wire.ends_with("\r\nContent-Length: 6\r\n\r\nhello\n"));
  CHECK_FALSE(holds(wire, "Connection"));
  CHECK_FALSE(holds(wire, "Allow"));
}

TEST_CASE("for HEAD everything but the body") {
  std::string wire;
  append(wire, response(404, "hello\n"), {.head_only = true});
  CHECK(wire.starts_with("HTTP/1.1 404 Not Found\r\n"));
  CHECK(wire.ends_with("\r\nContent-Length: 6\r\n\r\n"));
}

TEST_CASE("what is said only when there is something to say") {
  response refused(405, "");
  refused.allow = "GET";
  std::string wire;
  append(wire, refused, {.connection = connection_header::close});
  CHECK(holds(wire, "\r\nAllow: GET\r\n"));
  CHECK(holds(wire, "\r\nConnection: close\r\n"));
  append(wire, refused, {.connection = connection_header::keep_alive});
  CHECK(holds(wire, "\r\nConnection: keep-alive\r\n"));
}
