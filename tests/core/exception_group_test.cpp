// SPDX-License-Identifier: Apache-2.0
// Several errors as one, and looking into an exception_ptr.
#include "charkha/exception_group.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <type_traits>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/fatal_error.hpp"

using charkha::exception_group;

namespace {

std::exception_ptr error(const char* text) { return std::make_exception_ptr(std::runtime_error(text)); }

}  // namespace

TEST_CASE("a group keeps its errors in their order and names them all") {
  const exception_group group({error("first"), error("second")});
  CHECK(group.errors().size() == 2);
  CHECK(std::string(group.what()) == "2 errors: first; second");
  CHECK_THROWS_WITH(std::rethrow_exception(group.errors()[0]), "first");
  CHECK_THROWS_WITH(std::rethrow_exception(group.errors()[1]), "second");
}

TEST_CASE("a group of one says so") { CHECK(std::string(exception_group({error("only")}).what()) == "1 error: only"); }

TEST_CASE("groups nest and are caught as std::exception") {
  const auto inner = std::make_exception_ptr(exception_group({error("deep")}));
  try {
    throw exception_group({inner, error("flat")});
  } catch (const std::exception& e) {
    CHECK(std::string(e.what()) == "2 errors: 1 error: deep; flat");
  }
}

TEST_CASE("a copy has the same errors") {
  const exception_group group({error("first")});
  const exception_group copy = group;
  CHECK(copy.errors() == group.errors());
  CHECK(std::string(copy.what()) == group.what());
  static_assert(std::is_nothrow_copy_constructible_v<std::runtime_error>);
}

TEST_CASE("describing: a std::exception, a cancellation, anything else") {
  using charkha::detail::describe_exception;
  CHECK(describe_exception(error("text")) == "text");
  CHECK(describe_exception(std::make_exception_ptr(charkha::cancelled_error("why"))) == "why");
  CHECK(describe_exception(std::make_exception_ptr(charkha::fatal_error("end"))) == "end");
  CHECK(describe_exception(std::make_exception_ptr(7)) == "an exception that is not a std::exception");
}

TEST_CASE("only a cancelled_error is a cancellation") {
  using charkha::detail::is_cancellation;
  CHECK(is_cancellation(std::make_exception_ptr(charkha::cancelled_error())));
  CHECK_FALSE(is_cancellation(error("cancelled")));
  CHECK_FALSE(is_cancellation(std::make_exception_ptr(7)));
  CHECK_FALSE(is_cancellation(std::make_exception_ptr(charkha::fatal_error("end"))));
}
