// SPDX-License-Identifier: Apache-2.0
// What a queue that was shut down throws.
#include "charkha/queue_shutdown.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("it is a std::runtime_error with a text") {
  try {
    throw charkha::queue_shutdown("over");
  } catch (const std::runtime_error& e) {
    CHECK(std::string(e.what()) == "over");
  }
}
