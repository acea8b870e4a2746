// SPDX-License-Identifier: Apache-2.0
// The guard: gives back once, whatever happens to it.
#include "charkha/guard.hpp"

#include <doctest/doctest.h>

#include <type_traits>
#include <utility>

#include "charkha/usage_error.hpp"

namespace {

struct counted {
  void release() noexcept { ++released; }
  int released = 0;
};
using held = charkha::guard<counted>;

}  // namespace

TEST_CASE("it gives back at the end of its scope, once") {
  static_assert(!std::is_copy_constructible_v<held>);
  static_assert(std::is_nothrow_move_constructible_v<held>);
  counted thing;
  {
    const held here(thing);
    CHECK(static_cast<bool>(here));
    CHECK(thing.released == 0);
  }
  CHECK(thing.released == 1);
}

TEST_CASE("it may give back early, and then holds nothing") {
  counted thing;
  {
    held here(thing);
    here.release();
    CHECK(thing.released == 1);
    CHECK_FALSE(static_cast<bool>(here));
    here.release();
  }
  CHECK(thing.released == 1);
}

TEST_CASE("moving hands the duty over; assigning gives back what was held before") {
  counted one, two;
  {
    held a(one);
    held b(std::move(a));
    CHECK_FALSE(static_cast<bool>(a));
    CHECK(one.released == 0);
    held c(two);
    c = std::move(b);
    CHECK(two.released == 1);
    CHECK(one.released == 0);
    held& same = c;
    c = std::move(same);
    CHECK(static_cast<bool>(c));
  }
  CHECK(one.released == 1);
  CHECK(two.released == 1);
}

TEST_CASE("one that was made without anything holds nothing") {
  const held nothing;
  CHECK_FALSE(static_cast<bool>(nothing));
}

TEST_CASE("what somebody else has given back: release() says so, the end of the scope leaves it at that") {
  struct refuses {
    void release() { throw charkha::usage_error("not held"); }
  };
  refuses thing;
  charkha::guard<refuses> said(thing);
  CHECK_THROWS_AS(said.release(), charkha::usage_error);
  CHECK_FALSE(static_cast<bool>(said));
  charkha::guard<refuses> ended(thing);
  ended = std::move(said);
  {
    const charkha::guard<refuses> other(thing);
  }
}
