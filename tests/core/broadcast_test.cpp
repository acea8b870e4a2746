// SPDX-License-Identifier: Apache-2.0
// The broadcast, turned by hand.
#include "charkha/broadcast.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "charkha/broadcast_lagged.hpp"
#include "charkha/cancelled_error.hpp"
#include "charkha/channel_closed.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/tracked.hpp"

using charkha::broadcast;
using charkha::broadcast_lagged;
using charkha::broadcast_receiver;
using charkha::channel_closed;
using charkha::coro;
using charkha::usage_error;
using charkha::test::crank;
using charkha::test::tracked;

namespace {

coro<int> receive(broadcast_receiver<int>& from) { co_return co_await from.receive(); }
coro<> listen(broadcast_receiver<int> inbox, std::string& log, char letter) {
  for (;;) {
    const int got = co_await inbox.receive();
    log += letter + std::to_string(got) + " ";
  }
}
std::uint64_t missed_by(broadcast_receiver<int>& inbox) {
  try {
    static_cast<void>(inbox.try_receive());
  } catch (const broadcast_lagged& lagged) {
    return lagged.missed();
  }
  return 0;
}

}  // namespace

TEST_CASE("every receiver gets every message, in one order, from its subscription on") {
  broadcast<int> news(4);
  crank wheel;
  CHECK(news.send(1) == 0);
  std::string log;
  auto a = wheel.start(listen(news.subscribe(), log, 'a'));
  auto b = wheel.start(listen(news.subscribe(), log, 'b'));
  wheel.run();
  CHECK(log.empty());
  CHECK(a.waiting_for() == "broadcast");
  CHECK(news.send(2) == 2);
  CHECK(news.send(3) == 2);
  wheel.run();
  CHECK(log == "a2 a3 b2 b3 ");
}

TEST_CASE("messages are kept for a receiver that does not wait, and are had without a suspension") {
  broadcast<int> news(4);
  auto inbox = news.subscribe();
  CHECK_FALSE(inbox.try_receive());
  for (int i = 0; i < 4; ++i) news.send(i);
  CHECK(inbox.size() == 4);
  crank wheel;
  auto t = wheel.start(receive(inbox));
  CHECK(wheel.run() == 1);
  CHECK(t.result() == 0);
  for (int i = 1; i < 4; ++i) CHECK(inbox.try_receive() == i);
  CHECK_FALSE(inbox.try_receive());
  CHECK(inbox.size() == 0);
}

TEST_CASE("a slow receiver is told once how much it missed, and goes on with the oldest that is left") {
  for (const std::size_t capacity : {1U, 2U, 3U, 7U}) {
    CAPTURE(capacity);
    broadcast<int> news(capacity);
    auto slow = news.subscribe();
    auto quick = news.subscribe();
    const int sent = 20;
    for (int i = 0; i < sent; ++i) {
      news.send(i);
      CHECK(quick.try_receive() == i);
    }
    CHECK(slow.size() == capacity);
    CHECK(missed_by(slow) == sent - capacity);
    for (int i = sent - static_cast<int>(capacity); i < sent; ++i) CHECK(slow.try_receive() == i);
    CHECK_FALSE(slow.try_receive());
  }
}

TEST_CASE("a task that waits on a receiver learns of a lag in its await") {
  broadcast<int> news(2);
  auto inbox = news.subscribe();
  crank wheel;
  auto t = wheel.start(receive(inbox));
  wheel.run();
  for (int i = 0; i < 5; ++i) news.send(i);
  wheel.run();
  CHECK_THROWS_AS(t.result(), broadcast_lagged);
  CHECK(inbox.try_receive() == 3);
}

TEST_CASE("closed: what is left is received, then channel_closed is thrown") {
  std::optional<broadcast<int>> news(std::in_place, 4);
  auto inbox = news->subscribe();
  auto other = news->subscribe();
  crank wheel;
  std::string log;
  auto waiting = wheel.start(listen(std::move(other), log, 'a'));
  wheel.run();
  news->send(1);
  SUBCASE("by close()") {
    news->close();
    news->close();
    CHECK_THROWS_AS(news->send(2), usage_error);
    auto late = news->subscribe();
    CHECK_THROWS_AS(static_cast<void>(late.try_receive()), channel_closed);
  }
  SUBCASE("by its end") { news.reset(); }
  wheel.run();
  CHECK(log == "a1 ");
  CHECK_THROWS_AS(waiting.result(), channel_closed);
  CHECK(inbox.try_receive() == 1);
  CHECK_THROWS_AS(static_cast<void>(inbox.try_receive()), channel_closed);
}

TEST_CASE("a cancelled wait loses no message, also when it came first (R31)") {
  broadcast<int> news(4);
  auto inbox = news.subscribe();
  crank wheel;
  auto t = wheel.start(receive(inbox));
  wheel.run();
  SUBCASE("before") {
    t.cancel();
    news.send(1);
  }
  SUBCASE("after") {
    news.send(1);
    t.cancel();
  }
  wheel.run();
  CHECK(t.cancelled());
  CHECK(inbox.try_receive() == 1);
}

TEST_CASE("a message is freed when all have had it or are gone, or when it is overwritten") {
  tracked::reset();
  {
    broadcast<tracked> news(20);
    auto a = news.subscribe();
    std::optional b(news.subscribe());
    for (int i = 0; i < 20; ++i) CHECK(news.send(tracked(i)) == 2);
    CHECK(tracked::alive == 20);
    CHECK(a.try_receive()->value == 0);
    CHECK(tracked::alive == 20);
    b.reset();
    CHECK(news.receiver_count() == 1);
    CHECK(tracked::alive == 19);
    for (int i = 1; i < 20; ++i) CHECK(a.try_receive()->value == i);
    CHECK(tracked::alive == 0);
    for (int i = 0; i < 30; ++i) news.send(tracked(i));
    CHECK(tracked::alive == 20);
    auto c = news.subscribe();
    c = std::move(a);  // the one that was in c goes
    CHECK(news.receiver_count() == 1);
    CHECK(tracked::alive == 20);
  }
  CHECK(tracked::alive == 0);
}

TEST_CASE("misuse is told: no capacity, an empty receiver, two tasks on one receiver") {
  CHECK_THROWS_AS(broadcast<int>(0), std::invalid_argument);
  broadcast<int> news(3);
  CHECK(news.capacity() == 3);
  auto inbox = news.subscribe();
  auto moved = std::move(inbox);
  CHECK_THROWS_AS(static_cast<void>(inbox.try_receive()), usage_error);  // NOLINT(bugprone-use-after-move)
  crank wheel;
  auto a = wheel.start(receive(moved));
  auto b = wheel.start(receive(moved));
  wheel.run();
  news.send(1);
  wheel.run();
  CHECK(a.result() == 1);
  CHECK_THROWS_AS(b.result(), usage_error);
}

TEST_CASE("another runtime's task may not wait (R73); frames of waiters may go") {
  broadcast<int> news(2);
  auto inbox = news.subscribe();
  {
    crank wheel, foreign;
    auto a = wheel.start(receive(inbox));
    wheel.run();
    auto b = foreign.start(receive(inbox));
    foreign.run();
    CHECK_THROWS_AS(b.result(), usage_error);
  }
  news.send(1);
  CHECK(inbox.try_receive() == 1);
}
