// SPDX-License-Identifier: Apache-2.0
// What asking too early throws.
#include "charkha/invalid_state_error.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("it is a std::logic_error with a text") {
  try {
    throw charkha::invalid_state_error("too early");
  } catch (const std::logic_error& e) {
    CHECK(std::string(e.what()) == "too early");
  }
}
