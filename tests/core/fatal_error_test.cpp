// SPDX-License-Identifier: Apache-2.0
// An error that is not for the task's awaiters alone. What the scheduler does with it: report_test.
#include "charkha/fatal_error.hpp"

#include <doctest/doctest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/exception_group.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"

using charkha::coro;
using charkha::fatal_error;
using charkha::test::crank;

namespace {

class out_of_disk : public fatal_error {
 public:
  out_of_disk() : fatal_error("out of disk") {}
};

coro<> fail_fatally() {
  throw out_of_disk();
  co_return;
}
coro<> swallow_standard_errors(bool& swallowed) {
  try {
    co_await fail_fatally();
  } catch (const std::exception&) {
    swallowed = true;
  }
}
coro<> catch_it(bool& caught) {
  try {
    co_await fail_fatally();
  } catch (const fatal_error& error) {
    caught = std::string(error.what()) == "out of disk";
  }
}
coro<> await_it(charkha::task<> other) { co_await other; }
coro<> fork_it() { co_await charkha::when_all(fail_fatally(), fail_fatally()); }

}  // namespace

TEST_CASE("it carries its message, is no std::exception, and is told apart, also when derived from") {
  static_assert(!std::is_base_of_v<std::exception, fatal_error>);
  static_assert(std::has_virtual_destructor_v<fatal_error>);
  CHECK(std::string(fatal_error("why").what()) == "why");
  using charkha::detail::classify;
  using charkha::detail::error_class;
  CHECK(classify(std::make_exception_ptr(fatal_error("why"))) == error_class::fatal);
  CHECK(classify(std::make_exception_ptr(out_of_disk())) == error_class::fatal);
  CHECK(classify(std::make_exception_ptr(charkha::cancelled_error())) == error_class::cancellation);
  CHECK(classify(std::make_exception_ptr(std::runtime_error("x"))) == error_class::ordinary);
  CHECK(classify(std::make_exception_ptr(7)) == error_class::ordinary);
}

TEST_CASE("when it leaves a task the runtime is told at once, before anybody looks; then the task ends with it") {
  crank wheel;
  bool swallowed = false;
  auto t = wheel.start(swallow_standard_errors(swallowed), {.name = "a"});
  wheel.run();
  CHECK_FALSE(swallowed);
  CHECK(wheel.fatal() == std::vector<std::string>{"a: out of disk"});
  CHECK(t.done());
  CHECK_FALSE(t.cancelled());
  CHECK_THROWS_AS(t.result(), out_of_disk);
}

TEST_CASE("one that is caught inside the task is nobody else's business") {
  crank wheel;
  bool caught = false;
  auto t = wheel.start(catch_it(caught));
  wheel.run();
  CHECK(caught);
  CHECK(wheel.fatal().empty());
  CHECK_NOTHROW(t.result());
}

TEST_CASE("it is told for each task that it leaves") {
  crank wheel;
  auto inner = wheel.start(fail_fatally(), {.name = "inner"});
  auto outer = wheel.start(await_it(inner), {.name = "outer"});
  wheel.run();
  CHECK(wheel.fatal() == std::vector<std::string>{"inner: out of disk", "outer: out of disk"});
  CHECK_THROWS_AS(outer.result(), out_of_disk);
}

TEST_CASE("it does not hide in the group that a when_all throws") {
  crank wheel;
  auto t = wheel.start(fork_it());
  wheel.run();
  CHECK(wheel.fatal() == std::vector<std::string>{": out of disk"});  // the other child never began
  CHECK_THROWS_AS(t.result(), charkha::exception_group);
}
