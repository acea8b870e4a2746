// SPDX-License-Identifier: Apache-2.0
// A place where a cancel request is delivered, and nothing else happens (R26).
#include "charkha/checkpoint.hpp"

#include <doctest/doctest.h>

#include <string>

#include "charkha/cancelled_error.hpp"
#include "charkha/current_task.hpp"
#include "support/crank.hpp"

using charkha::cancelled_error;
using charkha::checkpoint;
using charkha::coro;
using charkha::test::crank;

TEST_CASE("without a request it goes on at once: no turn is given up") {
  crank wheel;
  auto body = []() -> coro<int> {
    for (int i = 0; i < 100'000; ++i) co_await checkpoint();
    co_return 1;
  };
  auto t = wheel.start(body());
  CHECK(wheel.run() == 1);
  CHECK(t.result() == 1);
}

TEST_CASE("with a request it throws, once, with the message") {
  crank wheel;
  auto body = [](std::string& out) -> coro<int> {
    charkha::current_task().cancel("stop");
    try {
      co_await checkpoint();
      out += "not thrown";
    } catch (const cancelled_error& request) {
      out += request.message();
    }
    co_await checkpoint();
    out += '.';
    co_return 1;
  };
  std::string log;
  auto t = wheel.start(body(log));
  CHECK(wheel.run() == 1);
  CHECK(log == "stop.");
  CHECK(t.result() == 1);
  CHECK(t.cancelling() == 1);
}

TEST_CASE("inside nested coros it is the task's request, and a withdrawn one is none") {
  crank wheel;
  auto inner = []() -> coro<> { co_await checkpoint(); };
  auto body = [](auto nested) -> coro<> {
    charkha::current_task().cancel();
    charkha::current_task().uncancel();
    co_await nested();
    charkha::current_task().cancel("again");
    co_await nested();
  };
  auto t = wheel.start(body(inner));
  wheel.run();
  CHECK(t.cancelled());
}
