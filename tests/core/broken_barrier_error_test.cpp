// SPDX-License-Identifier: Apache-2.0
// What a broken barrier throws.
#include "charkha/broken_barrier_error.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("it is a std::runtime_error with a text") {
  try {
    throw charkha::broken_barrier_error("broken");
  } catch (const std::runtime_error& e) {
    CHECK(std::string(e.what()) == "broken");
  }
}
