// SPDX-License-Identifier: Apache-2.0
// What misuse throws.
#include "charkha/usage_error.hpp"

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

#include "charkha/invalid_state_error.hpp"

TEST_CASE("it is a std::logic_error with a text, and not an invalid_state_error") {
  static_assert(!std::is_base_of_v<charkha::usage_error, charkha::invalid_state_error>);
  static_assert(!std::is_base_of_v<charkha::invalid_state_error, charkha::usage_error>);
  try {
    throw charkha::usage_error("do that instead");
  } catch (const std::logic_error& e) {
    CHECK(std::string(e.what()) == "do that instead");
  }
}
