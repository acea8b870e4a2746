// SPDX-License-Identifier: Apache-2.0
// The watch, turned by hand.
#include "charkha/watch.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/channel_closed.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/tracked.hpp"

using charkha::channel_closed;
using charkha::coro;
using charkha::usage_error;
using charkha::watch;
using charkha::watch_receiver;
using charkha::test::crank;
using charkha::test::tracked;

namespace {

coro<> follow(watch_receiver<int> seen, std::string& log) {
  for (;;) {
    co_await seen.changed();
    log += std::to_string(seen.get()) + " ";
  }
}
coro<> next(watch_receiver<int>& seen) { co_await seen.changed(); }

}  // namespace

TEST_CASE("the value is there from the beginning, and is replaced") {
  watch<int> w(1);
  CHECK(w.get() == 1);
  w.send(2);
  CHECK(w.get() == 2);
  auto seen = w.subscribe();
  CHECK_FALSE(seen.has_changed());
  CHECK(seen.get() == 2);
  w.send(3);
  CHECK(seen.has_changed());
  CHECK(seen.get() == 3);
  CHECK_FALSE(seen.has_changed());
}

TEST_CASE("those who wait are woken in their order and see the newest value, not those in between") {
  watch<int> w(0);
  crank wheel;
  std::string log;
  auto a = wheel.start(follow(w.subscribe(), log));
  auto b = wheel.start(follow(w.subscribe(), log));
  wheel.run();
  CHECK(a.waiting_for() == "watch");
  w.send(1);
  wheel.run();
  CHECK(log == "1 1 ");
  w.send(2);
  w.send(3);
  wheel.run();
  CHECK(log == "1 1 3 3 ");
}

TEST_CASE("a value that came while nobody waited is not waited for") {
  watch<int> w(0);
  crank wheel;
  auto seen = w.subscribe();
  w.send(1);
  auto t = wheel.start(next(seen));
  CHECK(wheel.run() == 1);
  CHECK(t.done());
  CHECK_FALSE(seen.has_changed());
}

TEST_CASE("closed: a last value that was not seen is seen, then channel_closed is thrown") {
  std::optional<watch<int>> w(std::in_place, 0);
  crank wheel;
  std::string log;
  auto waiting = wheel.start(follow(w->subscribe(), log));
  auto late = w->subscribe();
  wheel.run();
  w->send(1);
  SUBCASE("by close()") {
    w->close();
    w->close();
    CHECK_THROWS_AS(w->send(2), usage_error);
    CHECK(w->get() == 1);
  }
  SUBCASE("by its end") { w.reset(); }
  wheel.run();
  CHECK(log == "1 ");
  CHECK_THROWS_AS(waiting.result(), channel_closed);
  auto first = wheel.start(next(late));
  auto second = wheel.start(next(late));
  wheel.run();
  CHECK_NOTHROW(first.result());
  CHECK_THROWS_AS(second.result(), channel_closed);
  CHECK(late.get() == 1);
}

TEST_CASE("wait gives the first value for which the predicate holds") {
  watch<int> w(0);
  crank wheel;
  auto body = [](watch_receiver<int> seen) -> coro<int> {
    co_return co_await seen.wait([](const int& value) { return value >= 10; });
  };
  auto t = wheel.start(body(w.subscribe()));
  wheel.run();
  w.send(5);
  wheel.run();
  CHECK_FALSE(t.done());
  w.send(12);
  auto at_once = wheel.start(body(w.subscribe()));
  wheel.run();
  CHECK(t.result() == 12);
  CHECK(at_once.result() == 12);
  auto never = wheel.start(body(watch<int>(1).subscribe()));
  wheel.run();
  CHECK_THROWS_AS(never.result(), channel_closed);
}

TEST_CASE("a cancelled wait leaves the value unseen, also when it came first (R31)") {
  watch<int> w(0);
  crank wheel;
  auto seen = w.subscribe();
  auto t = wheel.start(next(seen));
  wheel.run();
  SUBCASE("before") {
    t.cancel();
    w.send(1);
  }
  SUBCASE("after") {
    w.send(1);
    t.cancel();
  }
  wheel.run();
  CHECK(t.cancelled());
  CHECK(seen.has_changed());
}

TEST_CASE("receivers are counted; a copy has seen what the original had") {
  watch<int> w(0);
  CHECK(w.receiver_count() == 0);
  {
    auto a = w.subscribe();
    w.send(1);
    auto b = a;
    CHECK(w.receiver_count() == 2);
    CHECK(b.has_changed());
    CHECK(a.get() == 1);
    CHECK(b.has_changed());
    b = a;
    CHECK_FALSE(b.has_changed());
    auto c = std::move(a);
    CHECK(w.receiver_count() == 2);
    CHECK_THROWS_AS(static_cast<void>(a.get()), usage_error);  // NOLINT(bugprone-use-after-move)
    CHECK(c.get() == 1);
  }
  CHECK(w.receiver_count() == 0);
}

TEST_CASE("values that were replaced are freed, the last one with the last who can see it") {
  tracked::reset();
  {
    std::optional<watch_receiver<tracked>> seen;
    {
      watch<tracked> w(tracked(1));
      seen.emplace(w.subscribe());
      w.send(tracked(2));
      CHECK(tracked::alive == 1);
    }
    CHECK(seen->get().value == 2);
    CHECK(tracked::alive == 1);
  }
  CHECK(tracked::alive == 0);
}

TEST_CASE("another runtime's task may not wait (R73); frames of waiters may go") {
  watch<int> w(0);
  auto seen = w.subscribe();
  {
    crank wheel, foreign;
    auto a = wheel.start(next(seen));
    wheel.run();
    auto b = foreign.start(next(seen));
    foreign.run();
    CHECK_THROWS_AS(b.result(), usage_error);
  }
  w.send(1);
  CHECK(seen.get() == 1);
}
