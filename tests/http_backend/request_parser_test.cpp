// SPDX-License-Identifier: Apache-2.0
// Bytes, whole and in pieces, and the requests or refusals that come of them.
#include "request_parser.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

using http_backend::request;
using http_backend::request_parser;
using http_backend::response;

namespace {

bool needs_more(const request_parser::parsed& parsed) { return std::holds_alternative<std::monostate>(parsed); }

/// The status of the refusal; 0 if these bytes are none.
unsigned refusal(std::string_view bytes) {
  request_parser parser;
  const auto parsed = parser.parse(bytes);
  const auto* const refused = std::get_if<response>(&parsed);
  return refused == nullptr ? 0 : refused->status;
}

}  // namespace

TEST_CASE("a request is taken apart") {
  std::string_view bytes = "GET /a/b?c=d&e HTTP/1.1\r\nHost: x\r\n\r\n";
  request_parser parser;
  const auto parsed = parser.parse(bytes);
  const auto& asked = std::get<request>(parsed);
  CHECK(asked.method == "GET");
  CHECK(asked.path == "/a/b");
  CHECK(asked.query == "c=d&e");
  CHECK_FALSE(asked.http_1_0);
  CHECK(asked.keep_alive);
  CHECK(bytes.empty());
  CHECK_FALSE(parser.begun());
}

TEST_CASE("a request may come byte by byte") {
  constexpr std::string_view whole = "\r\nHEAD /?x=1 HTTP/1.0\r\nHost:\r\nAccept: a\r\n b\r\n\r\n";
  request_parser parser;
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    auto byte = whole.substr(i, 1);
    CAPTURE(i);
    CHECK(needs_more(parser.parse(byte)));
    CHECK(byte.empty());
    CHECK(parser.begun() == (i >= 2));  // an empty line before a request is nothing yet
  }
  auto last = whole.substr(whole.size() - 1);
  const auto parsed = parser.parse(last);
  CHECK(std::get<request>(parsed).method == "HEAD");
  CHECK(std::get<request>(parsed).query == "x=1");
  CHECK(std::get<request>(parsed).http_1_0);
  CHECK_FALSE(std::get<request>(parsed).keep_alive);
}

TEST_CASE("each call reads one of several requests, bodies included") {
  std::string_view bytes =
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
      "PUT /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nTrailer: t\r\n\r\n"
      "GET /4 HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"
      "GET /5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  request_parser parser;
  for (const char* const path : {"/1", "/2", "/3", "/4", "/5"}) {
    const auto parsed = parser.parse(bytes);
    REQUIRE(std::holds_alternative<request>(parsed));
    CHECK(std::get<request>(parsed).path == path);
    CHECK(std::get<request>(parsed).keep_alive == (std::string_view(path) != "/5"));
  }
  CHECK(bytes.empty());
}

TEST_CASE("a target may name the server, too") {
  std::string_view bytes = "GET http://host:80/path?q=1#part HTTP/1.1\r\nHost: host\r\n\r\n";
  request_parser parser;
  const auto parsed = parser.parse(bytes);
  CHECK(std::get<request>(parsed).path == "/path");
  CHECK(std::get<request>(parsed).query == "q=1");
}

TEST_CASE("what is no request is refused") {
  CHECK(refusal("GARBAGE\r\n\r\n") == 400);
  CHECK(refusal("GET\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTX/1.1\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nno colon\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n") == 400);
  CHECK(refusal("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(refusal("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") == 400);
}

TEST_CASE("HTTP/1.1 takes exactly one Host header, HTTP/1.0 at most one") {
  CHECK(refusal("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.0\r\n\r\n") == 0);
}

TEST_CASE("other versions and expectations are refused") {
  CHECK(refusal("GET / HTTP/2.0\r\nHost: x\r\n\r\n") == 505);
  CHECK(refusal("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n") == 417);
  CHECK(refusal("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n") == 0);
}

TEST_CASE("the limits") {
  const std::string line = "GET / HTTP/1.1\r\nHost: x\r\n";
  const auto target = [](std::size_t size) { return "GET /" + std::string(size - 1, 'a') + " HTTP/1.0\r\n\r\n"; };
  CHECK(refusal(target(request_parser::target_limit)) == 0);
  CHECK(refusal(target(request_parser::target_limit + 1)) == 414);

  const auto header = [&](std::size_t size) { return line + "A: " + std::string(size, 'a') + "\r\n\r\n"; };
  constexpr std::size_t others = std::string_view("/HostxA").size();
  CHECK(refusal(header(request_parser::head_limit - others)) == 0);
  CHECK(refusal(header(request_parser::head_limit - others + 1)) == 431);
  CHECK(refusal(line + "A:" + std::string(100'000, ' ')) == 431);  // blanks before a value are no part of it
  CHECK(refusal(line + std::string(30'000, 'n')) == 431);

  const auto body = [&](std::size_t size) { return line + "Content-Length: " + std::to_string(size) + "\r\n\r\n"; };
  CHECK(refusal(body(request_parser::body_limit)) == 0);
  CHECK(refusal(body(request_parser::body_limit + 1)) == 413);
  CHECK(refusal(line + "Transfer-Encoding: chunked\r\n\r\nfffff\r\n" +
                std::string(request_parser::body_limit + 1, 'b')) == 413);
}
