// SPDX-License-Identifier: Apache-2.0
// The pointer that counts references in the object.
#include "charkha/detail/intrusive_ptr.hpp"

#include <doctest/doctest.h>

#include <utility>

using charkha::detail::intrusive_ptr;

namespace {

struct object {
  void add_reference() noexcept { ++references; }
  void drop_reference() noexcept { --references; }
  int references = 0;
};
struct derived : object {};

}  // namespace

TEST_CASE("an empty pointer refers to nothing") {
  const intrusive_ptr<object> empty;
  CHECK_FALSE(empty);
  CHECK(empty.get() == nullptr);
  CHECK(empty == intrusive_ptr<object>());
}

TEST_CASE("copies count, moves do not") {
  object o;
  {
    intrusive_ptr<object> a(o);
    CHECK(o.references == 1);
    const intrusive_ptr<object> b = a;
    CHECK(o.references == 2);
    CHECK(a == b);
    const intrusive_ptr<object> c = std::move(a);
    CHECK(o.references == 2);
    CHECK_FALSE(a);  // NOLINT(bugprone-use-after-move): empty by contract
    CHECK(c.get() == &o);
  }
  CHECK(o.references == 0);
}

TEST_CASE("adopting takes over a counted reference and releasing gives it away") {
  object o;
  o.add_reference();
  auto a = intrusive_ptr<object>::adopt(o);
  CHECK(o.references == 1);
  object* raw = a.release();
  CHECK(raw == &o);
  CHECK_FALSE(a);
  CHECK(o.references == 1);
  {
    const auto b = intrusive_ptr<object>::adopt(*raw);
  }
  CHECK(o.references == 0);
}

TEST_CASE("assignment drops the old object, and to itself changes nothing") {
  object first, second;
  intrusive_ptr<object> a(first);
  const intrusive_ptr<object> b(second);
  a = b;
  CHECK(first.references == 0);
  CHECK(second.references == 2);
  const auto& same = a;
  a = same;
  CHECK(second.references == 2);
  a = intrusive_ptr<object>();
  CHECK(second.references == 1);
}

TEST_CASE("a pointer to a derived object becomes one to its base") {
  derived d;
  intrusive_ptr<derived> a(d);
  const intrusive_ptr<object> b = std::move(a);
  CHECK(b.get() == &d);
  CHECK(d.references == 1);
}
