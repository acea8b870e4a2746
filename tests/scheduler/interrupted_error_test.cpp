// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as an exception. When it is thrown: runner_test.
#include "charkha/interrupted_error.hpp"

#include <doctest/doctest.h>

#include <exception>
#include <string>
#include <type_traits>

TEST_CASE("it is no std::exception, can be copied while it is thrown, and says what it is") {
  static_assert(!std::is_base_of_v<std::exception, charkha::interrupted_error>);
  static_assert(std::is_nothrow_copy_constructible_v<charkha::interrupted_error>);
  bool taken_for_an_error = false;
  try {
    try {
      throw charkha::interrupted_error();
    } catch (const std::exception&) {
      taken_for_an_error = true;
    }
  } catch (const charkha::interrupted_error& error) {
    CHECK(std::string(error.what()) == "interrupted");
  }
  CHECK_FALSE(taken_for_an_error);
}
