// SPDX-License-Identifier: Apache-2.0
// What a deadline that passed throws.
#include "charkha/timeout_error.hpp"

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

#include "charkha/cancelled_error.hpp"

TEST_CASE("it is a std::runtime_error, unlike the cancellation that it stands for") {
  static_assert(!std::is_base_of_v<charkha::cancelled_error, charkha::timeout_error>);
  try {
    throw charkha::timeout_error();
  } catch (const std::runtime_error& e) {
    CHECK(std::string(e.what()) == "timed out");
  }
}
