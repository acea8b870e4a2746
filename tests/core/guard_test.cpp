// SPDX-License-Identifier: Apache-2.0
// The guard: gives back once, whatever happens to it.
#include "charkha/guard.hpp"

#include <doctest/doctest.h>

#include <type_traits>
#include <utility>

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
