// SPDX-License-Identifier: Apache-2.0
// The semaphore that counts what comes back.
#include "charkha/bounded_semaphore.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "charkha/usage_error.hpp"
#include "support/crank.hpp"

using charkha::bounded_semaphore;
using charkha::coro;
using charkha::test::crank;

TEST_CASE("more releases than acquires are an error, and change nothing") {
  bounded_semaphore s(2);
  CHECK_THROWS_AS(s.release(), charkha::usage_error);
  CHECK(s.try_acquire());
  CHECK_THROWS_AS(s.release(2), charkha::usage_error);
  s.release();
  CHECK(s.try_acquire());
  CHECK(s.try_acquire());
  CHECK_FALSE(s.try_acquire());
  s.release(2);
  CHECK_FALSE(s.locked());
  CHECK_THROWS_AS(bounded_semaphore(-1), std::invalid_argument);
}

TEST_CASE("it is a semaphore in all else: waiters get permits in their order, guards return them") {
  bounded_semaphore s(1);
  crank wheel;
  std::string log;
  auto body = [](bounded_semaphore& from, std::string& out, char letter) -> coro<> {
    const auto permit = co_await from.hold();
    out += letter;
  };
  CHECK(s.try_acquire());
  auto a = wheel.start(body(s, log, 'a'));
  auto b = wheel.start(body(s, log, 'b'));
  wheel.run();
  s.release();
  wheel.run();
  CHECK(log == "ab");
  CHECK_FALSE(s.locked());
  CHECK_THROWS_AS(s.release(), charkha::usage_error);
}
