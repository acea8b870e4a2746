// SPDX-License-Identifier: Apache-2.0
// Cancellation to and from code that speaks std::stop_token.
#include "charkha/stop_token.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "charkha/cancelled_error.hpp"
#include "charkha/create_task.hpp"
#include "charkha/current_task.hpp"
#include "charkha/event.hpp"
#include "charkha/runtime.hpp"
#include "charkha/simulation.hpp"
#include "charkha/sleep.hpp"
#include "charkha/timeout.hpp"
#include "charkha/timeout_error.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "support/every_runtime.hpp"

using charkha::cancel_on;
using charkha::coro;
using charkha::create_task;
using charkha::current_task;
using charkha::stop_token_of;
using charkha::task;
using namespace std::chrono_literals;

namespace {

coro<> nap(std::chrono::nanoseconds time) { co_await charkha::sleep(time); }
coro<> ended(task<> t) {
  try {
    co_await t;
  } catch (const charkha::cancelled_error&) {
  }
}

}  // namespace

TEST_CASE("the token is asked to stop when the task is, before the request is delivered") {
  charkha::test::on_every_runtime([]() -> coro<> {
    auto t = create_task(nap(1h));
    const auto token = stop_token_of(t);
    const auto same = stop_token_of(t);
    CHECK(token == same);
    CHECK(token.stop_possible());
    CHECK_FALSE(token.stop_requested());
    int called = 0;
    const auto count = [&called] { ++called; };
    const std::stop_callback<std::function<void()>> callback(token, count);
    t.cancel();
    CHECK(token.stop_requested());
    CHECK(called == 1);
    co_await ended(t);
    CHECK(t.cancelled());
  });
}

TEST_CASE("a request that came before the token was asked for counts") {
  charkha::simulation sim;
  auto body = []() -> coro<> {
    auto t = create_task(nap(1h));
    t.cancel();
    CHECK(stop_token_of(t).stop_requested());
    co_await ended(t);
  };
  CHECK_NOTHROW(sim.run(body()));
}

TEST_CASE("a task that ends by itself never asks its token") {
  charkha::simulation sim;
  auto body = []() -> coro<> {
    auto t = create_task(nap(1s));
    const auto token = stop_token_of(t);
    co_await t;
    CHECK_FALSE(t.cancel());
    CHECK_FALSE(token.stop_requested());
    CHECK_FALSE(stop_token_of(t).stop_requested());
  };
  CHECK_NOTHROW(sim.run(body()));
}

TEST_CASE("a time-out asks the token of the task that it cancels, and that of one this awaits") {
  charkha::test::in_every_simulation([]() -> coro<> {
    const auto mine = stop_token_of(current_task());
    auto inner = create_task(nap(1h));
    const auto theirs = stop_token_of(inner);
    const auto body = [inner]() -> coro<> { co_await inner; };
    bool timed_out = false;
    try {
      co_await charkha::timeout(1s, body);
    } catch (const charkha::timeout_error&) {
      timed_out = true;
    }
    CHECK(timed_out);
    co_await charkha::sleep(1us);  // its code has a turn of its own
    CHECK(mine.stop_requested());
    CHECK(theirs.stop_requested());
  });
}

TEST_CASE(
    "a request that goes down to a child of when_all, or to the other children of a failed one, asks their tokens") {
  charkha::test::in_every_simulation(
      []() -> coro<> {
        auto child = [](std::stop_token& out) -> coro<> {
          out = stop_token_of(current_task());
          co_await charkha::sleep(1h);
        };
        auto fork = [](auto make, std::stop_token& a, std::stop_token& b) -> coro<> {
          co_await charkha::when_all(make(a), make(b));
        };
        std::stop_token a, b;
        auto t = create_task(fork(child, a, b));
        co_await charkha::sleep(1s);
        t.cancel();
        co_await ended(t);
        CHECK(a.stop_requested());
        CHECK(b.stop_requested());
      },
      5);
}

TEST_CASE("cancel_on: the task is cancelled when the token is asked, at once if it was") {
  charkha::test::on_every_runtime([]() -> coro<> {
    std::stop_source source;
    auto t = create_task(nap(1h));
    cancel_on(t, source.get_token());
    CHECK(t.cancelling() == 0);
    source.request_stop();
    CHECK(t.cancelling() == 1);
    co_await ended(t);
    CHECK(t.cancelled());
    auto u = create_task(nap(1h));
    cancel_on(u, source.get_token());
    co_await ended(u);
    CHECK(u.cancelled());
    auto never = create_task(nap(0s));
    cancel_on(never, std::stop_token());
    co_await never;
    CHECK_FALSE(never.cancelled());
  });
}

TEST_CASE("cancel_on ends with the task: nothing is kept, a later stop does nothing") {
  std::stop_source source;
  task<> kept;
  {
    charkha::simulation sim;
    auto body = [](std::stop_token token, task<>& out) -> coro<> {
      auto t = create_task(nap(1s));
      cancel_on(t, token);
      co_await t;
      co_await charkha::sleep(1us);
      out = create_task(nap(1h));
      cancel_on(out, token);
      auto done = create_task(nap(0s));
      co_await done;
      cancel_on(done, token);
    };
    sim.run(body(source.get_token(), kept));
  }
  CHECK(kept.cancelled());
  CHECK(source.request_stop());
  CHECK(kept.cancelling() <= 1);
}

TEST_CASE("a task, a token and a thread: a computation that looks at the token stops when its task is cancelled") {
  charkha::runtime rt{{.workers = 2}};
  std::atomic<bool> running{false};
  auto body = [](std::atomic<bool>& flag) -> coro<> {
    const auto token = stop_token_of(current_task());
    flag.store(true);
    while (!token.stop_requested()) {
    }
    co_return;
  };
  auto t = rt.spawn(body(running));
  while (!running.load()) {
  }
  std::stop_source source;
  cancel_on(t, source.get_token());
  std::thread other([&] { source.request_stop(); });
  CHECK_THROWS_AS(t.get(), charkha::cancelled_error);  // it never suspended (R27)
  other.join();
}

TEST_CASE("threads ask tasks and sources to stop while these end: no request is lost, nothing is left") {
  for (const int workers : {1, 4}) {
    charkha::runtime rt{{.workers = workers}};
    for (int round = 0; round < 200; ++round) {
      std::stop_source source;
      auto t = rt.spawn(nap(std::chrono::microseconds(round % 5 * 10)));
      const auto token = stop_token_of(t);
      cancel_on(t, source.get_token());
      std::thread other([&] { source.request_stop(); });
      t.cancel();
      other.join();
      try {
        t.get();
        CHECK_FALSE(t.cancelled());
      } catch (const charkha::cancelled_error&) {
        CHECK(token.stop_requested());
      }
    }
  }
}

TEST_CASE("an empty handle is a usage_error") {
  CHECK_THROWS_AS(static_cast<void>(stop_token_of(charkha::any_task())), charkha::usage_error);
  CHECK_THROWS_AS(cancel_on(charkha::any_task(), std::stop_token()), charkha::usage_error);
}

TEST_CASE("a stop callback may set what the cancelled task is about to wait for") {
  charkha::event happened;
  std::atomic<bool> computes{false}, asked{false};
  auto child = [&]() -> coro<> {
    const std::stop_callback<std::function<void()>> callback(stop_token_of(current_task()), [&] { happened.set(); });
    computes = true;
    computes.notify_one();
    asked.wait(false);
    co_await happened.wait();
  };
  auto nothing = []() -> coro<> { co_return; };
  auto both = [&]() -> coro<> { co_await charkha::when_all(child(), nothing()); };
  charkha::runtime runtime({.workers = 1});
  auto parent = runtime.spawn(both());
  computes.wait(false);
  parent.cancel();  // noted: its worker is inside
  asked = true;
  asked.notify_one();
  CHECK_THROWS_AS(parent.get(), charkha::cancelled_error);
  CHECK(happened.is_set());
}
