// SPDX-License-Identifier: Apache-2.0
// Several errors as one, and looking into an exception_ptr.
#include "charkha/exception_group.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/fatal_error.hpp"

using charkha::exception_group;

namespace {

std::exception_ptr error(const char* text) { return std::make_exception_ptr(std::runtime_error(text)); }
std::exception_ptr mistake(const char* text) { return std::make_exception_ptr(std::logic_error(text)); }
std::exception_ptr number(int value) { return std::make_exception_ptr(value); }
template <class... Errors>
std::exception_ptr group(Errors... errors) {
  return std::make_exception_ptr(exception_group({errors...}));
}
template <class... Errors>
std::exception_ptr named(const char* message, Errors... errors) {
  return std::make_exception_ptr(exception_group(message, {errors...}));
}
std::string text_of(const std::optional<exception_group>& part) { return part ? part->what() : "nothing"; }

/// Three levels, with leaves of four types.
exception_group tree() {
  return exception_group("top", {error("a"), named("inner", mistake("b"), number(1), group(error("c"), mistake("d"))),
                                 std::make_exception_ptr(charkha::cancelled_error("e"))});
}

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
    CHECK(std::string(e.what()) == "2 errors: (1 error: deep); flat");
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

TEST_CASE("a message comes first; groups inside are in brackets") {
  const exception_group with_message("loading failed", {error("first"), named("inner", error("deep"))});
  CHECK(with_message.message() == "loading failed");
  CHECK(std::string(with_message.what()) == "loading failed: 2 errors: first; (inner: 1 error: deep)");
  CHECK(exception_group({error("only")}).message().empty());
}

TEST_CASE("a group of nothing, and one that holds a null pointer, are refused") {
  CHECK_THROWS_AS(exception_group(std::vector<std::exception_ptr>()), std::invalid_argument);
  CHECK_THROWS_AS(exception_group("message", {}), std::invalid_argument);
  CHECK_THROWS_AS(exception_group({error("first"), nullptr}), std::invalid_argument);
}

TEST_CASE("split by type keeps the nesting, the messages and the order") {
  const auto parts = tree().split<std::runtime_error>();
  CHECK(text_of(parts.matching) == "top: 2 errors: a; (inner: 1 error: (1 error: c))");
  CHECK(text_of(parts.rest) ==
        "top: 2 errors: (inner: 3 errors: b; an exception that is not a std::exception; (1 error: d)); e");
}

TEST_CASE("split by several types, by a base, by types without a base") {
  CHECK(text_of(tree().split<int, charkha::cancelled_error>().matching) ==
        "top: 2 errors: (inner: 1 error: an exception that is not a std::exception); e");
  CHECK(text_of(tree().split<std::exception>().rest) ==
        "top: 2 errors: (inner: 1 error: an exception that is not a std::exception); e");
  CHECK(text_of(tree().split<int>().matching) ==
        "top: 1 error: (inner: 1 error: an exception that is not a std::exception)");
}

TEST_CASE("empty groups vanish: all or nothing matches") {
  const auto all = exception_group({error("a"), group(error("b"))}).split<std::runtime_error>();
  CHECK(text_of(all.matching) == "2 errors: a; (1 error: b)");
  CHECK_FALSE(all.rest);
  const auto none = exception_group({error("a"), group(error("b"))}).split<int>();
  CHECK_FALSE(none.matching);
  CHECK(text_of(none.rest) == "2 errors: a; (1 error: b)");
}

TEST_CASE("a type that a group has as its base still means leaves: groups are not asked") {
  const auto parts = exception_group({number(1), group(number(2))}).split<std::runtime_error>();
  CHECK_FALSE(parts.matching);
}

TEST_CASE("split by a predicate: it sees each leaf once, in order") {
  std::string seen;
  const auto parts = tree().split([&seen](const std::exception_ptr& leaf) {
    const auto text = charkha::detail::describe_exception(leaf);
    seen += text.front();
    return text < "c";
  });
  CHECK(seen == "abacde");
  CHECK(text_of(parts.matching) == "top: 2 errors: a; (inner: 2 errors: b; an exception that is not a std::exception)");
  CHECK(text_of(parts.rest) == "top: 2 errors: (inner: 1 error: (2 errors: c; d)); e");
  CHECK_THROWS_AS(static_cast<void>(tree().split([](const std::exception_ptr&) -> bool { throw 7; })), int);
}

TEST_CASE("what stays whole stays the object that was thrown, leaf or group") {
  const auto leaf = error("a");
  const auto inner = group(mistake("b"), mistake("c"));
  const auto parts = exception_group({leaf, inner}).split<std::logic_error>();
  REQUIRE(parts.matching);
  REQUIRE(parts.rest);
  CHECK(parts.matching->errors() == std::vector<std::exception_ptr>{inner});
  CHECK(parts.rest->errors() == std::vector<std::exception_ptr>{leaf});
}

TEST_CASE("subgroup is the matching part") {
  CHECK(text_of(tree().subgroup<charkha::cancelled_error>()) == "top: 1 error: e");
  CHECK(text_of(tree().subgroup<std::bad_alloc>()) == "nothing");
  auto nothing = [](const std::exception_ptr&) { return false; };
  CHECK(text_of(tree().subgroup(nothing)) == "nothing");
}

TEST_CASE("for_each visits the leaves: all of them, or those of a type") {
  std::string all;
  tree().for_each([&all](const std::exception_ptr& leaf) { all += charkha::detail::describe_exception(leaf).front(); });
  CHECK(all == "abacde");
  std::string runtime;
  const auto count =
      tree().for_each<std::runtime_error>([&runtime](const std::runtime_error& e) { runtime += e.what(); });
  CHECK(count == 2);
  CHECK(runtime == "ac");
  int sum = 0;
  CHECK(tree().for_each<int>([&sum](int value) { sum += value; }) == 1);
  CHECK(sum == 1);
  CHECK(tree().for_each<std::bad_alloc>([](const std::bad_alloc&) {}) == 0);
  CHECK_THROWS_AS(tree().for_each<int>([](int) { throw std::logic_error("out"); }), std::logic_error);
}

TEST_CASE("a chain of handlers: each takes its part, the rest is thrown again with its nesting") {
  std::string log;
  try {
    try {
      throw tree();
    } catch (const exception_group& errors) {
      errors.handle<std::logic_error>([&log](const std::logic_error& e) { log += e.what(); })
          .handle<charkha::cancelled_error>([&log](const charkha::cancelled_error& e) { log += e.message(); })
          .handle<std::exception>([&log](const std::exception& e) { log += e.what(); })
          .rethrow();
    }
  } catch (const exception_group& rest) {
    log += " rest: ";
    log += rest.what();
  }
  CHECK(log == "bdeac rest: top: 1 error: (inner: 1 error: an exception that is not a std::exception)");
}

TEST_CASE("a chain that takes everything throws nothing, and later handlers are not called") {
  int handled = 0;
  const exception_group errors({error("a"), group(error("b"))});
  auto rest = errors.handle<std::exception>([&handled](const std::exception&) { ++handled; })
                  .handle<std::runtime_error>([&handled](const std::runtime_error&) { handled = -1; });
  CHECK_NOTHROW(rest.rethrow());
  CHECK_FALSE(rest.rest());
  CHECK(handled == 2);
}

TEST_CASE("what a handler throws passes") {
  const exception_group errors({error("a"), error("b")});
  CHECK_THROWS_AS(static_cast<void>(errors.handle<std::runtime_error>([](const std::runtime_error&) { throw 7; })),
                  int);
}
