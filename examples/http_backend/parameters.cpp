// SPDX-License-Identifier: Apache-2.0
// Reading a query; percent-encoding; the sentences for those who got it wrong.
#include "parameters.hpp"

#include <charconv>
#include <cstddef>
#include <optional>

#include "whole_number.hpp"

namespace http_backend {

namespace {

/// What a percent-encoded text stands for; nothing if a '%' is not followed by two hexadecimal digits.
std::optional<std::string> decode(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto digits = text.substr(i + 1, 2);
    unsigned code = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
    plain += static_cast<char>(code);
    i += 2;
  }
  return plain;
}

/// As it may be repeated to the client: he need not get back kilobytes of what he sent.
std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 40;
  const bool cut = text.size() > longest;
  return "'" + std::string(text.substr(0, longest)) + (cut ? "...'" : "'");
}

}  // namespace

parameters::parameters(std::string_view query) {
  while (!query.empty()) {
    const auto one = query.substr(0, query.find('&'));
    query.remove_prefix(one.size() < query.size() ? one.size() + 1 : one.size());
    const auto equals = one.find('=');
    const auto name = one.substr(0, equals);
    // A name that does not decode is nobody's, and is passed over as other unknown ones are.
    all_.emplace_back(decode(name).value_or(std::string()),
                      equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1));
  }
}

std::int64_t parameters::number(std::string_view name, std::int64_t least, std::int64_t most) const {
  const std::string subject = "parameter '" + std::string(name) + "' ";
  const std::string range = "a number from " + std::to_string(least) + " to " + std::to_string(most);
  std::optional<std::string_view> given;
  for (const auto& [its_name, value] : all_) {
    if (its_name != name) continue;
    if (given) throw bad_request(subject + "is given more than once; give it once, as " + range);
    given = value;
  }
  if (!given) throw bad_request(subject + "is missing; give it as " + range);
  const auto text = decode(*given);
  const auto value = text ? whole_number(*text, least, most) : std::nullopt;
  if (!value) throw bad_request(subject + "must be " + range + ", not " + quoted(*given));
  return *value;
}

}  // namespace http_backend
