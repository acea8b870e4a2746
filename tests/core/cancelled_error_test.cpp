// SPDX-License-Identifier: Apache-2.0
// What a cancel request throws.
#include "charkha/cancelled_error.hpp"

#include <doctest/doctest.h>

#include <exception>
#include <string>
#include <type_traits>

using charkha::cancelled_error;

TEST_CASE("it is not a std::exception, so that catching those does not swallow it") {
  static_assert(!std::is_base_of_v<std::exception, cancelled_error>);
  std::string caught;
  try {
    throw cancelled_error("stop");
  } catch (const std::exception&) {
    caught = "std";
  } catch (const cancelled_error& e) {
    caught = e.message();
  }
  CHECK(caught == "stop");
}

TEST_CASE("without a message it still says something") {
  CHECK(cancelled_error().message().empty());
  CHECK(std::string(cancelled_error().what()) == "cancelled");
  CHECK(std::string(cancelled_error("why").what()) == "why");
}
