// SPDX-License-Identifier: Apache-2.0
// A value or an error.
#include "charkha/gather_result.hpp"

#include <doctest/doctest.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>
#include <variant>

#include "charkha/cancelled_error.hpp"

using charkha::gather_result;

TEST_CASE("a value is given, by reference or moved out") {
  gather_result<int> r(5);
  CHECK(r.has_value());
  CHECK(static_cast<bool>(r));
  CHECK(r.value() == 5);
  CHECK(r.error() == nullptr);
  CHECK_FALSE(r.cancelled());
  gather_result<std::unique_ptr<int>> box(std::make_unique<int>(6));
  const auto taken = std::move(box).value();
  CHECK(*taken == 6);
}

TEST_CASE("an error is thrown by value() and given by error()") {
  const gather_result<int> r(std::make_exception_ptr(std::runtime_error("bad")));
  CHECK_FALSE(r.has_value());
  CHECK_THROWS_WITH(static_cast<void>(r.value()), "bad");
  CHECK(r.error() != nullptr);
  CHECK_FALSE(r.cancelled());
  const gather_result<int> c(std::make_exception_ptr(charkha::cancelled_error("m")));
  CHECK(c.cancelled());
  CHECK_THROWS_AS(static_cast<void>(c.value()), charkha::cancelled_error);
}

TEST_CASE("references stay references, void becomes monostate") {
  int target = 1;
  const gather_result<int&> r(std::ref(target));
  r.value().get() = 2;
  CHECK(target == 2);
  const gather_result<void> nothing{std::monostate()};
  CHECK(nothing.has_value());
}
