// SPDX-License-Identifier: Apache-2.0
// The callbacks of http_parser, in the order in which it calls them.
#include "request_parser.hpp"

#include <strings.h>

#include <utility>

namespace http_backend {

namespace {

bool equal_ignoring_case(const std::string& name, const char* other) noexcept {
  return strcasecmp(name.c_str(), other) == 0;
}

std::string at_most(std::size_t bytes) { return "; at most " + std::to_string(bytes) + " bytes are taken\n"; }

}  // namespace

request_parser::request_parser() {
  http_parser_init(&parser_, HTTP_REQUEST);
  parser_.data = this;
}

template <int (request_parser::*Callback)() noexcept>
int request_parser::notified(http_parser* parser) noexcept {
  return (static_cast<request_parser*>(parser->data)->*Callback)();
}

template <int (request_parser::*Callback)(std::string_view) noexcept>
int request_parser::given(http_parser* parser, const char* piece, std::size_t size) noexcept {
  return (static_cast<request_parser*>(parser->data)->*Callback)({piece, size});
}

http_parser_settings request_parser::callbacks() noexcept {
  http_parser_settings all;
  http_parser_settings_init(&all);
  all.on_message_begin = notified<&request_parser::on_begin>;
  all.on_url = given<&request_parser::on_target>;
  all.on_header_field = given<&request_parser::on_header_name>;
  all.on_header_value = given<&request_parser::on_header_value>;
  all.on_headers_complete = notified<&request_parser::on_headers_complete>;
  all.on_body = given<&request_parser::on_body>;
  all.on_message_complete = notified<&request_parser::on_complete>;
  return all;
}

request_parser::parsed request_parser::parse(std::string_view& bytes) {
  static const http_parser_settings settings = callbacks();
  bytes.remove_prefix(http_parser_execute(&parser_, &settings, bytes.data(), bytes.size()));
  switch (HTTP_PARSER_ERRNO(&parser_)) {
    case HPE_OK:
      return std::monostate();
    case HPE_PAUSED:  // by on_complete
      http_parser_pause(&parser_, 0);
      return take_request();
    default:
      return refusal_ ? *std::move(refusal_) : error();
  }
}

int request_parser::on_begin() noexcept {
  begun_ = true;
  target_.clear();
  header_name_.clear();
  in_header_value_ = expects_ = false;
  hosts_ = 0;
  head_size_ = body_size_ = 0;
  return 0;
}

int request_parser::on_target(std::string_view piece) noexcept {
  target_ += piece;
  if (target_.size() > target_limit) return refuse(414, "the request's target is too long" + at_most(target_limit));
  return grow_head(piece);
}

int request_parser::on_header_name(std::string_view piece) noexcept {
  if (in_header_value_) end_header();
  header_name_ += piece;
  return grow_head(piece);
}

int request_parser::on_header_value(std::string_view piece) noexcept {
  in_header_value_ = true;
  return grow_head(piece);
}

int request_parser::on_headers_complete() noexcept {
  if (in_header_value_) end_header();
  if (parser_.http_major != 1) return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here\n");
  const bool http_1_0 = parser_.http_minor == 0;
  if (hosts_ > 1) return refuse(400, "a request has one Host header, not several\n");
  if (hosts_ == 0 && !http_1_0) return refuse(400, "an HTTP/1.1 request needs a Host header\n");
  const bool sized = (parser_.flags & F_CONTENTLENGTH) != 0;
  if (sized && parser_.content_length > body_limit) {
    return refuse(413, "the request's body is too long" + at_most(body_limit));
  }
  // No body is wanted, so none is waited for: the client may send the request again without the expectation.
  if (expects_ && !http_1_0) return refuse(417, "no expectation is met here: send the request without Expect\n");
  return 0;
}

int request_parser::on_body(std::string_view piece) noexcept {
  body_size_ += piece.size();
  return body_size_ > body_limit ? refuse(413, "the request's body is too long" + at_most(body_limit)) : 0;
}

int request_parser::on_complete() noexcept {
  begun_ = false;
  http_parser_pause(&parser_, 1);  // what follows is the next request
  return 0;
}

int request_parser::grow_head(std::string_view piece) noexcept {
  head_size_ += piece.size();
  return head_size_ > head_limit ? refuse(431, "the request's head is too long" + at_most(head_limit)) : 0;
}

void request_parser::end_header() noexcept {
  if (equal_ignoring_case(header_name_, "Host")) ++hosts_;
  if (equal_ignoring_case(header_name_, "Expect")) expects_ = true;
  header_name_.clear();
  in_header_value_ = false;
}

int request_parser::refuse(unsigned status, std::string text) noexcept {
  refusal_.emplace(status, std::move(text));
  return -1;
}

request_parser::parsed request_parser::take_request() {
  http_parser_url url;
  http_parser_url_init(&url);
  const bool is_connect = parser_.method == HTTP_CONNECT;
  if (http_parser_parse_url(target_.data(), target_.size(), is_connect ? 1 : 0, &url) != 0) {
    return response(400, "malformed request: invalid target\n");
  }
  const auto part = [&](http_parser_url_fields field) {
    if ((url.field_set & (1U << field)) == 0) return std::string();
    return target_.substr(url.field_data[field].off, url.field_data[field].len);
  };
  request complete(http_method_str(static_cast<http_method>(parser_.method)), part(UF_PATH), part(UF_QUERY));
  complete.http_1_0 = parser_.http_minor == 0;
  complete.keep_alive = http_should_keep_alive(&parser_) != 0;
  return complete;
}

response request_parser::error() const {
  const auto error = HTTP_PARSER_ERRNO(&parser_);
  if (error == HPE_HEADER_OVERFLOW) return {431, "the request's head is too long" + at_most(head_limit)};
  return {400, std::string("malformed request: ") + http_errno_description(error) + "\n"};
}

}  // namespace http_backend
