// SPDX-License-Identifier: Apache-2.0
// request_parser: bytes become requests. Joyent's http_parser reads the grammar; the limits, and what is said to a
// client who breaks them, are ours.
#pragma once

#include <http_parser.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "request.hpp"
#include "response.hpp"

namespace http_backend {

/// Reads the requests of one connection, one after the other.
class request_parser {
 public:
  static constexpr std::size_t target_limit = 8 * 1024;  ///< bytes; more is answered 414
  static constexpr std::size_t head_limit = 16 * 1024;   ///< bytes of target, header names and values; more: 431
  static constexpr std::size_t body_limit = 64 * 1024;   ///< bytes; more: 413

  /// Nothing yet: more bytes are needed. Or a request. Or what to answer to something that is none; then the
  /// connection must be closed, since nobody knows where the next request would begin.
  using parsed = std::variant<std::monostate, request, response>;

  request_parser();
  request_parser(const request_parser&) = delete;
  request_parser& operator=(const request_parser&) = delete;

  /// Reads up to the end of one request and takes what it has read off the front of `bytes`.
  [[nodiscard]] parsed parse(std::string_view& bytes);

  /// Has a request begun that has not ended?
  [[nodiscard]] bool begun() const noexcept { return begun_; }

 private:
  // http_parser's callbacks: not zero ends the parsing.
  int on_begin() noexcept;
  int on_target(std::string_view piece) noexcept;
  int on_header_name(std::string_view piece) noexcept;
  int on_header_value(std::string_view piece) noexcept;
  int on_headers_complete() noexcept;
  int on_body(std::string_view piece) noexcept;
  int on_complete() noexcept;

  template <int (request_parser::*Callback)() noexcept>
  static int notified(http_parser* parser) noexcept;
  template <int (request_parser::*Callback)(std::string_view) noexcept>
  static int given(http_parser* parser, const char* piece, std::size_t size) noexcept;
  static http_parser_settings callbacks() noexcept;

  int grow_head(std::string_view piece) noexcept;
  void end_header() noexcept;
  int refuse(unsigned status, std::string text) noexcept;
  [[nodiscard]] parsed take_request();
  [[nodiscard]] response error() const;

  http_parser parser_;
  std::optional<response> refusal_;  // set by the callback that ended the parsing
  bool begun_ = false;

  // Of the request that is being read.
  std::string target_;
  std::string header_name_;
  bool in_header_value_ = false;
  bool expects_ = false;  // an Expect header has come
  unsigned hosts_ = 0;    // Host headers
  std::size_t head_size_ = 0;
  std::size_t body_size_ = 0;
};

}  // namespace http_backend
