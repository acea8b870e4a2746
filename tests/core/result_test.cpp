// SPDX-License-Identifier: Apache-2.0
// How a coroutine ended.
#include "charkha/detail/result.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "support/tracked.hpp"

using charkha::detail::outcome;
using charkha::detail::result;
using charkha::test::tracked;

namespace {

std::exception_ptr error(const char* text) { return std::make_exception_ptr(std::runtime_error(text)); }

struct throws_on_copy {
  throws_on_copy() = default;
  throws_on_copy(const throws_on_copy&) { throw std::runtime_error("copy"); }
  throws_on_copy(throws_on_copy&&) = delete;
};

}  // namespace

TEST_CASE("a result starts as none") {
  CHECK(result<int>().kind() == outcome::none);
  CHECK(result<void>().kind() == outcome::none);
  CHECK(result<int&>().kind() == outcome::none);
}

TEST_CASE("a value can be looked at and taken") {
  result<std::string> r;
  r.set_value("a text that is too long for the small buffer");
  CHECK(r.kind() == outcome::value);
  CHECK(r.peek() == "a text that is too long for the small buffer");
  CHECK(r.take() == "a text that is too long for the small buffer");
}

TEST_CASE("a move-only value is moved out") {
  result<std::unique_ptr<int>> r;
  r.set_value(std::make_unique<int>(7));
  CHECK(*r.peek() == 7);
  const auto out = r.take();
  CHECK(*out == 7);
  CHECK(r.peek() == nullptr);
}

TEST_CASE("a const value type is stored and given") {
  result<const int> r;
  r.set_value(3);
  CHECK(r.take() == 3);
}

TEST_CASE("a reference refers to the original") {
  int original = 1;
  result<int&> r;
  r.set_value(original);
  CHECK(&r.take() == &original);
  CHECK(&r.peek() == &original);
  static_assert(std::is_same_v<decltype(r.peek()), int&>);
  const int constant = 2;
  result<const int&> c;
  c.set_value(constant);
  CHECK(&c.take() == &constant);
}

TEST_CASE("void is a value too") {
  result<void> r;
  r.set_void();
  CHECK(r.kind() == outcome::value);
  CHECK_NOTHROW(r.take());
  CHECK_NOTHROW(r.peek());
}

TEST_CASE("an error is thrown by whoever asks, each time") {
  result<int> r;
  r.set_error(error("boom"));
  CHECK(r.kind() == outcome::error);
  CHECK_THROWS_WITH(r.take(), "boom");
  CHECK_THROWS_WITH(r.peek(), "boom");
  CHECK(r.error() != nullptr);
}

TEST_CASE("an error takes the place of a value, which is destroyed at once") {
  tracked::reset();
  result<tracked> r;
  r.set_value(tracked(5));
  CHECK(tracked::alive == 1);
  r.set_error(error("late"));
  CHECK(tracked::alive == 0);
  CHECK_THROWS_WITH(r.take(), "late");
  r.set_error(error("later"));
  CHECK_THROWS_WITH(r.take(), "later");
}

TEST_CASE("a value lives as long as its result and is not copied") {
  tracked::reset();
  {
    result<tracked> r;
    r.set_value(tracked(5));
    CHECK(r.peek().value == 5);
    const tracked out = r.take();
    CHECK(out.value == 5);
    CHECK(tracked::alive == 2);  // the one that was moved from goes with its result
  }
  CHECK(tracked::alive == 0);
  CHECK(tracked::copies == 0);
}

TEST_CASE("a value whose constructor throws leaves the result as none") {
  result<throws_on_copy> r;
  const throws_on_copy source;
  CHECK_THROWS_WITH(r.set_value(source), "copy");
  CHECK(r.kind() == outcome::none);
}
