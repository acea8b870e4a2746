// SPDX-License-Identifier: Apache-2.0
// What a receiver of a broadcast throws that was too slow.
#include "charkha/broadcast_lagged.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("it says how much was missed, as a number and in its text") {
  const charkha::broadcast_lagged lagged(7);
  CHECK(lagged.missed() == 7);
  CHECK(std::string(lagged.what()).find("missed 7 messages") != std::string::npos);
}
