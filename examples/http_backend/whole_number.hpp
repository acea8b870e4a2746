// SPDX-License-Identifier: Apache-2.0
// Reads a number that somebody typed, on the command line or in a URL.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace http_backend {

/// The number that all of `text` spells in decimal digits, if it is one from `least` to `most`.
[[nodiscard]] inline std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t least,
                                                              std::int64_t most) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return value;
}

}  // namespace http_backend
