// SPDX-License-Identifier: Apache-2.0
// What the receiving side of a channel throws at its end.
#include "charkha/channel_closed.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("it is a std::runtime_error with a text") {
  try {
    throw charkha::channel_closed("over");
  } catch (const std::runtime_error& e) {
    CHECK(std::string(e.what()) == "over");
  }
}
