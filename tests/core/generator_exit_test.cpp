// SPDX-License-Identifier: Apache-2.0
// What closing throws inside a generator.
#include "charkha/generator_exit.hpp"

#include <doctest/doctest.h>

#include <exception>
#include <string>
#include <type_traits>

#include "charkha/detail/describe_exception.hpp"

TEST_CASE("it is no std::exception, so that a clause for those does not swallow it") {
  static_assert(!std::is_base_of_v<std::exception, charkha::generator_exit>);
  static_assert(std::is_nothrow_copy_constructible_v<charkha::generator_exit>);
  bool passed = false;
  try {
    try {
      throw charkha::generator_exit();
    } catch (const std::exception&) {
    }
  } catch (const charkha::generator_exit&) {
    passed = true;
  }
  CHECK(passed);
}

TEST_CASE("it says what happened") {
  CHECK(std::string(charkha::generator_exit().what()) == "the generator was closed");
  CHECK(charkha::detail::describe_exception(std::make_exception_ptr(charkha::generator_exit())) ==
        "the generator was closed");
  CHECK_FALSE(charkha::detail::is_cancellation(std::make_exception_ptr(charkha::generator_exit())));
}
