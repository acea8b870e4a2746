// SPDX-License-Identifier: Apache-2.0
// Giving up a turn.
#include "charkha/yield.hpp"

#include <doctest/doctest.h>

#include <string>

#include "charkha/cancelled_error.hpp"
#include "charkha/create_task.hpp"
#include "charkha/gather.hpp"
#include "charkha/run.hpp"
#include "charkha/simulation.hpp"
#include "support/hand_runtime.hpp"

using charkha::coro;

namespace {

coro<> turns(std::string& log, char letter, int count) {
  for (int i = 0; i < count; ++i) {
    log += letter;
    co_await charkha::yield();
  }
}

}  // namespace

TEST_CASE("tasks that yield take turns, round robin (R2)") {
  charkha::simulation sim;
  std::string log;
  auto body = [](std::string& out) -> coro<> {
    co_await charkha::gather(turns(out, 'a', 4), turns(out, 'b', 4), turns(out, 'c', 2));
  };
  sim.run(body(log));
  CHECK(log == "abcabcabab");
}

TEST_CASE("a task that is alone goes on in the next turn") {
  charkha::test::hand_runtime runtime(1);
  std::string log;
  auto t = runtime.create_on(0, turns(log, 'a', 3));
  for (int i = 1; i <= 3; ++i) {
    CHECK(runtime.step() == charkha::detail::step_result::ran);
    CHECK(log.size() == static_cast<std::size_t>(i));
  }
  CHECK_FALSE(t.done());
  runtime.step();
  CHECK(t.done());
}

TEST_CASE("a request that comes while the task is queued is delivered by the yield") {
  charkha::test::hand_runtime runtime(1);
  std::string log;
  auto t = runtime.create_on(0, turns(log, 'a', 100));
  runtime.step();
  runtime.step();
  t.cancel("stop");
  runtime.settle();
  CHECK(t.cancelled());
  CHECK(log == "aa");
}

TEST_CASE("a request that comes before the yield is delivered by it, after the turn was given up") {
  charkha::simulation sim;
  std::string log;
  auto other = [](std::string& out) -> coro<> {
    out += 'o';
    co_return;
  };
  auto self_cancel = [](charkha::task<>*& me, std::string& out) -> coro<> {
    me->cancel();
    out += '1';
    co_await charkha::yield();
    out += '2';
  };
  auto body = [](auto cancels, auto make, std::string& out) -> coro<> {
    charkha::task<>* box = nullptr;
    auto t = charkha::create_task(cancels(box, out));
    box = &t;
    auto o = charkha::create_task(make(out));
    try {
      co_await t;
    } catch (const charkha::cancelled_error&) {
      out += 'c';
    }
    co_await o;
  };
  sim.run(body(self_cancel, other, log));
  CHECK(log == "1oc");
}

TEST_CASE("a hundred thousand yields on several workers") {
  auto body = []() -> coro<int> {
    auto loop = []() -> coro<int> {
      int count = 0;
      for (; count < 25'000; ++count) co_await charkha::yield();
      co_return count;
    };
    const auto counts = co_await charkha::gather(loop(), loop(), loop(), loop());
    co_return std::get<0>(counts) + std::get<1>(counts) + std::get<2>(counts) + std::get<3>(counts);
  };
  for (const int workers : {1, 2, 4}) CHECK(charkha::run(body(), {.workers = workers}) == 100'000);
}
