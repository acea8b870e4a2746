// SPDX-License-Identifier: Apache-2.0
// parameters: the part of a URL behind the '?', and what is said to a client who got it wrong.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http_backend {

/// The client asked for something that makes no sense; the text says what, and what would.
class bad_request : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class parameters {
 public:
  /// Of `name=value&name=value`, which must outlive it.
  explicit parameters(std::string_view query);

  /// The value of a parameter that must be there, once, and be a number from `least` to `most`. Throws bad_request.
  [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t least, std::int64_t most) const;

 private:
  std::vector<std::pair<std::string, std::string_view>> all_;  // the name decoded, the value as it came
};

}  // namespace http_backend
