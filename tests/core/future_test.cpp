// SPDX-License-Identifier: Apache-2.0
// A result that somebody sets (asyncio's Future): setting, awaiting, cancelling, and what nobody looked at.
#include "charkha/future.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/invalid_state_error.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/tracked.hpp"

using charkha::any_future;
using charkha::cancelled_error;
using charkha::coro;
using charkha::create_future;
using charkha::future;
using charkha::invalid_state_error;
using charkha::task;
using charkha::test::crank;
using charkha::test::tracked;

namespace {

template <class T = int>
future<T> make(crank& wheel) {
  const crank::on_worker here(wheel);
  return create_future<T>();
}

/// Logs its letter and how its wait ended: v value, c cancelled, e error.
coro<> watch(std::string& log, char letter, future<int> of) {
  log += letter;
  try {
    const int value = co_await of;
    log += 'v' + std::to_string(value);
  } catch (const cancelled_error& request) {
    log += 'c' + request.message();
    throw;
  } catch (const std::runtime_error& error) {
    log += std::string("e") + error.what();
  }
}

class throws_when_copied {
 public:
  throws_when_copied() = default;
  throws_when_copied(const throws_when_copied&) { throw std::runtime_error("no copy"); }
  throws_when_copied(throws_when_copied&&) = default;
};

}  // namespace

TEST_CASE("a value that is set reaches all who wait, in the order in which they came, in later turns (R10, R13, R14)") {
  crank wheel;
  std::string log;
  auto f = make(wheel);
  std::vector<task<>> waiting;
  for (const char letter : {'a', 'b', 'c'}) waiting.push_back(wheel.start(watch(log, letter, f)));
  wheel.run();
  CHECK(log == "abc");
  log.clear();
  f.set_result(7);
  CHECK(log.empty());  // nobody runs on the setter's stack
  CHECK(f.done());
  CHECK(wheel.run() == 3);
  CHECK(log == "v7v7v7");
  CHECK(f.result() == 7);
  CHECK_FALSE(f.cancelled());
}

TEST_CASE("awaiting a future that is done does not suspend (R12)") {
  crank wheel;
  std::string log;
  auto f = make(wheel);
  f.set_result(1);
  auto t = wheel.start(watch(log, 'a', f));
  CHECK(wheel.run() == 1);
  CHECK(log == "av1");
}

TEST_CASE("values of all kinds: nothing, references, move-only ones; an rvalue await takes the value") {
  crank wheel;
  auto nothing = make<void>(wheel);
  int target = 5;
  auto reference = make<int&>(wheel);
  auto box = make<std::unique_ptr<int>>(wheel);
  auto body = [](future<> v, future<int&> r, future<std::unique_ptr<int>> b, int& where) -> coro<int> {
    co_await v;
    int& referred = co_await r;
    CHECK(&referred == &where);
    const std::unique_ptr<int>& seen = co_await b;
    CHECK(*seen == 9);
    const std::unique_ptr<int> taken = co_await std::move(b);
    co_return *taken;
  };
  auto t = wheel.start(body(nothing, reference, box, target));
  wheel.run();
  nothing.set_result();
  wheel.run();
  reference.set_result(target);
  wheel.run();
  box.set_result(std::make_unique<int>(9));
  wheel.run();
  CHECK(t.result() == 9);
}

TEST_CASE("an error is thrown at every awaiter, and by result(); exception() gives it (R18)") {
  crank wheel;
  std::string log;
  auto f = make(wheel);
  auto a = wheel.start(watch(log, 'a', f));
  auto b = wheel.start(watch(log, 'b', f));
  wheel.run();
  f.set_exception(std::runtime_error("bad"));
  wheel.run();
  CHECK(log == "abebadebad");
  CHECK_THROWS_WITH(static_cast<void>(f.result()), "bad");
  CHECK_THROWS_WITH(std::rethrow_exception(f.exception()), "bad");
  auto g = make(wheel);
  g.set_exception(std::make_exception_ptr(std::logic_error("pointer")));
  CHECK_THROWS_AS(static_cast<void>(g.result()), std::logic_error);
}

TEST_CASE("a null error is refused, and the future is still pending") {
  crank wheel;
  auto f = make(wheel);
  CHECK_THROWS_AS(f.set_exception(std::exception_ptr()), std::invalid_argument);
  CHECK_FALSE(f.done());
  f.set_result(1);
  CHECK(f.result() == 1);
}

TEST_CASE("it can be set once: by value, error or cancel, in any order (R18)") {
  for (int first = 0; first < 3; ++first) {
    CAPTURE(first);
    crank wheel;
    auto f = make(wheel);
    if (first == 0) f.set_result(1);
    if (first == 1) f.set_exception(std::runtime_error("x"));
    if (first == 2) CHECK(f.cancel("m"));
    CHECK_THROWS_AS(f.set_result(2), invalid_state_error);
    CHECK_THROWS_AS(f.set_exception(std::runtime_error("y")), invalid_state_error);
    CHECK_FALSE(f.cancel());
    CHECK(f.cancelled() == (first == 2));
    if (first == 0) CHECK(f.result() == 1);
    if (first == 1) CHECK_THROWS_WITH(static_cast<void>(f.result()), "x");
    if (first == 2) CHECK_THROWS_AS(static_cast<void>(f.result()), cancelled_error);
    if (first == 2) CHECK_THROWS_AS(static_cast<void>(f.exception()), cancelled_error);
  }
}

TEST_CASE("before the end result() and exception() are an invalid_state_error; an empty handle is a usage_error") {
  crank wheel;
  auto f = make(wheel);
  CHECK_THROWS_AS(static_cast<void>(f.result()), invalid_state_error);
  CHECK_THROWS_AS(static_cast<void>(f.exception()), invalid_state_error);
  const future<int> none;
  CHECK_FALSE(none);
  CHECK_THROWS_AS(static_cast<void>(none.done()), charkha::usage_error);
  CHECK_THROWS_AS(none.set_result(1), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(none.cancel()), charkha::usage_error);
}

TEST_CASE("a value whose constructor throws leaves it pending") {
  crank wheel;
  auto f = make<throws_when_copied>(wheel);
  const throws_when_copied value;
  CHECK_THROWS_WITH(f.set_result(value), "no copy");
  CHECK_FALSE(f.done());
  f.set_result(throws_when_copied());
  CHECK(f.done());
  CHECK_NOTHROW(static_cast<void>(f.result()));
}

TEST_CASE("cancelling a future ends it at once; all who await it get cancelled_error with the message") {
  crank wheel;
  std::string log;
  auto f = make(wheel);
  auto a = wheel.start(watch(log, 'a', f));
  auto b = wheel.start(watch(log, 'b', f));
  wheel.run();
  CHECK(f.cancel("off"));
  CHECK(f.done());
  CHECK(f.cancelled());
  wheel.run();
  CHECK(log == "abcoffcoff");
  CHECK(a.cancelled());
  CHECK(b.cancelled());
  CHECK(a.cancelling() == 0);
}

TEST_CASE("cancelling one awaiter cancels the future and with it the others (R28, R30)") {
  crank wheel;
  std::string log;
  auto f = make(wheel);
  auto a = wheel.start(watch(log, 'a', f));
  auto b = wheel.start(watch(log, 'b', f));
  wheel.run();
  CHECK(a.cancel("me"));
  CHECK(f.cancelled());
  wheel.run();
  CHECK(a.cancelled());
  CHECK(b.cancelled());
  CHECK(b.cancelling() == 0);
  CHECK_THROWS_AS(f.set_result(1), invalid_state_error);
}

TEST_CASE("a request between set_result and the resumption wins; the future keeps its value (R31)") {
  crank wheel;
  std::string log;
  auto f = make(wheel);
  auto a = wheel.start(watch(log, 'a', f));
  wheel.run();
  f.set_result(3);
  CHECK(a.cancel("late"));
  wheel.run();
  CHECK(a.cancelled());
  CHECK(log == "aclate");
  CHECK(f.result() == 3);
}

TEST_CASE("cancel after each turn: the awaiting task ends, and exactly as the request says") {
  for (std::size_t turns = 0; turns < 5; ++turns) {
    CAPTURE(turns);
    crank wheel;
    std::string log;
    {
      auto f = make(wheel);
      auto a = wheel.start(watch(log, 'a', f));
      for (std::size_t i = 0; i < turns; ++i) {
        if (!wheel.turn() && !f.done()) f.set_result(1);
      }
      const bool asked = a.cancel("now");
      wheel.run();
      if (!f.done()) f.set_result(1);
      CHECK(a.done());
      CHECK(a.cancelled() == asked);
    }
    CHECK(wheel.blocks() == 0);
    CHECK(wheel.retained() == 0);
  }
}

TEST_CASE("an error that nobody looked at is reported once, when the last handle goes (R21)") {
  crank wheel;
  {
    auto f = make(wheel);
    auto copy = f;
    f.set_exception(std::runtime_error("lost"));
    f = {};
    CHECK(wheel.reports().empty());
  }
  CHECK(wheel.reports() == std::vector<std::string>{"a future: lost"});
  SUBCASE("not if it was awaited") {
    auto f = make(wheel);
    std::string log;
    auto t = wheel.start(watch(log, 'a', f));
    wheel.run();
    f.set_exception(std::runtime_error("seen"));
    wheel.run();
    f = {};
  }
  SUBCASE("not if exception() was called") {
    auto f = make(wheel);
    f.set_exception(std::runtime_error("seen"));
    CHECK(f.exception());
  }
  SUBCASE("not if it was cancelled") { CHECK(make(wheel).cancel()); }
  CHECK(wheel.reports().size() == 1);
  CHECK(wheel.retained() == 0);
}

TEST_CASE("a value is destroyed with the last handle; a future that is dropped pending leaves nothing") {
  tracked::reset();
  crank wheel;
  {
    auto f = make<tracked>(wheel);
    f.set_result(tracked(4));
    CHECK(tracked::alive == 1);
    static_cast<void>(make<tracked>(wheel));
  }
  CHECK(tracked::alive == 0);
  CHECK(wheel.retained() == 0);
}

TEST_CASE("a task that awaits a future is torn down; the future lives on") {
  auto wheel = std::make_unique<crank>();
  std::string log;
  auto f = make(*wheel);
  auto a = wheel->start(watch(log, 'a', f));
  wheel->run();
  wheel->tear_down();
  CHECK(a.cancelled());
  CHECK_FALSE(f.done());
  f.set_result(1);
  CHECK(f.result() == 1);
  CHECK(wheel->ready() == 0);
}

TEST_CASE("create_future is for workers, and a future of another runtime cannot be awaited (R17)") {
  CHECK_THROWS_AS(static_cast<void>(create_future<int>()), charkha::usage_error);
  crank mine, other;
  std::string log;
  auto f = make(other);
  auto t = mine.start(watch(log, 'a', f));
  mine.run();
  CHECK_THROWS_AS(t.result(), charkha::usage_error);
  f.set_result(1);
}

TEST_CASE("typed handles convert to any_future; equality is identity") {
  crank wheel;
  auto f = make(wheel);
  const any_future same = f;
  auto other = make(wheel);
  CHECK(same == f);
  CHECK(f == future<int>(f));
  CHECK_FALSE(f == other);
  f.set_result(1);
  CHECK(same.done());
  static_assert(std::is_convertible_v<future<int>, any_future>);
  static_assert(!std::is_convertible_v<any_future, future<int>>);
}

TEST_CASE("many threads set one future, by value or cancel: exactly one wins, and what it did is what is seen") {
  for (int round = 0; round < 200; ++round) {
    crank wheel;
    auto f = make(wheel);
    std::atomic<int> go{0}, set{0}, cancelled{0}, value{0};
    std::vector<std::thread> threads;
    for (int i = 1; i <= 4; ++i) {
      threads.emplace_back([&, i] {
        go.fetch_add(1);
        while (go.load() != 4) {
        }
        if (i % 2 == 0) {
          if (f.cancel()) cancelled.fetch_add(1);
          return;
        }
        try {
          f.set_result(i);
          set.fetch_add(1);
          value.store(i);
        } catch (const invalid_state_error&) {
        }
      });
    }
    for (auto& each : threads) each.join();
    REQUIRE(set.load() + cancelled.load() == 1);
    CHECK(f.cancelled() == (cancelled.load() == 1));
    if (set.load() == 1) CHECK(f.result() == value.load());
  }
}
