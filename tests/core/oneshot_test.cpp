// SPDX-License-Identifier: Apache-2.0
// The oneshot, turned by hand.
#include "charkha/oneshot.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/channel_closed.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/outcome.hpp"
#include "support/tracked.hpp"

using charkha::channel_closed;
using charkha::coro;
using charkha::create_oneshot;
using charkha::oneshot_receiver;
using charkha::oneshot_sender;
using charkha::usage_error;
using charkha::test::crank;
using charkha::test::tracked;

namespace {

template <class T>
coro<T> receive(oneshot_receiver<T>& from) {
  co_return co_await from.receive();
}
coro<> until_closed(oneshot_sender<int>& to, bool& told) {
  co_await to.closed();
  told = true;
}

}  // namespace

TEST_CASE("a value that was sent is received without a suspension") {
  auto [sender, receiver] = create_oneshot<std::string>();
  crank wheel;
  CHECK_FALSE(sender.is_closed());
  CHECK(sender.send("hello"));
  CHECK(sender.empty());
  auto t = wheel.start(receive(receiver));
  CHECK(wheel.run() == 1);
  CHECK(t.result() == "hello");
}

TEST_CASE("a receiver waits for the value, and is woken by it") {
  auto [sender, receiver] = create_oneshot<int>();
  crank wheel;
  auto t = wheel.start(receive(receiver));
  wheel.run();
  CHECK(t.waiting_for() == "oneshot");
  CHECK(sender.send(7));
  CHECK(wheel.run() == 1);
  CHECK(t.result() == 7);
}

TEST_CASE("values that only move, references and void are sent, too") {
  crank wheel;
  auto moving = create_oneshot<std::unique_ptr<int>>();
  CHECK(moving.sender.send(std::make_unique<int>(3)));
  auto a = wheel.start(receive(moving.receiver));
  auto nothing = create_oneshot<void>();
  auto b = wheel.start(receive(nothing.receiver));
  int target = 0;
  auto reference = create_oneshot<int&>();
  CHECK(reference.sender.send(target));
  auto c = wheel.start(receive(reference.receiver));
  wheel.run();
  CHECK(*a.result() == 3);
  CHECK_FALSE(b.done());
  CHECK(nothing.sender.send());
  wheel.run();
  CHECK(b.done());
  CHECK(&c.result() == &target);
}

TEST_CASE("a sender that goes without having sent: the receiver gets channel_closed, now and later") {
  std::optional ends(create_oneshot<int>());
  auto receiver = std::move(ends->receiver);
  crank wheel;
  auto early = wheel.start(receive(receiver));
  wheel.run();
  ends.reset();
  wheel.run();
  CHECK_THROWS_AS(early.result(), channel_closed);
  CHECK_THROWS_AS(static_cast<void>(receiver.try_receive()), channel_closed);
  auto late = wheel.start(receive(receiver));
  wheel.run();
  CHECK_THROWS_AS(late.result(), channel_closed);
}

TEST_CASE("a receiver that goes, or closes: the sender is told, and sends to nobody") {
  auto [sender, gone] = create_oneshot<int>();
  std::optional receiver(std::move(gone));
  crank wheel;
  bool told = false;
  auto t = wheel.start(until_closed(sender, told));
  wheel.run();
  CHECK_FALSE(told);
  SUBCASE("goes") { receiver.reset(); }
  SUBCASE("closes") {
    receiver->close();
    receiver->close();
    CHECK_THROWS_AS(static_cast<void>(receiver->try_receive()), channel_closed);
  }
  wheel.run();
  CHECK(told);
  CHECK(sender.is_closed());
  CHECK_FALSE(sender.send(1));
  CHECK(sender.empty());
}

TEST_CASE("closing while a task waits ends its wait") {
  auto [sender, receiver] = create_oneshot<int>();
  crank wheel;
  auto t = wheel.start(receive(receiver));
  wheel.run();
  receiver.close();
  wheel.run();
  CHECK_THROWS_AS(t.result(), channel_closed);
  CHECK_FALSE(sender.send(1));
}

TEST_CASE("try_receive gives nothing as long as nothing was sent, and the value once") {
  auto [sender, receiver] = create_oneshot<int>();
  CHECK_FALSE(receiver.try_receive());
  CHECK(sender.send(4));
  CHECK(receiver.try_receive() == 4);
  CHECK_THROWS_AS(static_cast<void>(receiver.try_receive()), usage_error);
}

TEST_CASE("a cancelled wait loses nothing, also when the value came first (R31)") {
  auto [sender, receiver] = create_oneshot<int>();
  crank wheel;
  auto t = wheel.start(receive(receiver));
  wheel.run();
  SUBCASE("cancelled, sent") {
    t.cancel();
    CHECK(sender.send(5));
  }
  SUBCASE("sent, cancelled") {
    CHECK(sender.send(5));
    t.cancel();
  }
  wheel.run();
  CHECK(t.cancelled());
  auto again = wheel.start(receive(receiver));
  wheel.run();
  CHECK(again.result() == 5);
}

TEST_CASE("a sender's wait for the other end can be cancelled") {
  auto [sender, receiver] = create_oneshot<int>();
  crank wheel;
  bool told = false;
  auto t = wheel.start(until_closed(sender, told));
  wheel.run();
  t.cancel();
  wheel.run();
  CHECK(t.cancelled());
  CHECK(sender.send(1));
  CHECK(receiver.try_receive() == 1);
}

TEST_CASE("two tasks cannot wait for one value; an end that is empty says so") {
  auto [sender, receiver] = create_oneshot<int>();
  crank wheel;
  auto a = wheel.start(receive(receiver));
  auto b = wheel.start(receive(receiver));
  wheel.run();
  CHECK_THROWS_AS(b.result(), usage_error);
  CHECK(sender.send(1));
  wheel.run();
  CHECK(a.result() == 1);
  CHECK_THROWS_AS(sender.send(2), usage_error);
  CHECK_THROWS_AS(static_cast<void>(sender.is_closed()), usage_error);
  auto moved = std::move(receiver);
  CHECK_THROWS_AS(static_cast<void>(receiver.try_receive()), usage_error);  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("an end that is assigned to is gone for its other side") {
  auto first = create_oneshot<int>();
  auto second = create_oneshot<int>();
  first.sender = std::move(second.sender);
  CHECK_THROWS_AS(static_cast<void>(first.receiver.try_receive()), channel_closed);
  CHECK(first.sender.send(2));
  auto third = create_oneshot<int>();
  third.receiver = std::move(second.receiver);
  CHECK(third.sender.is_closed());
  CHECK(third.receiver.try_receive() == 2);
}

TEST_CASE("what is sent is freed once, received or not; a value that cannot be made is not sent") {
  tracked::reset();
  {
    auto unread = create_oneshot<tracked>();
    CHECK(unread.sender.send(tracked(1)));
    auto read = create_oneshot<tracked>();
    CHECK(read.sender.send(tracked(2)));
    CHECK(read.receiver.try_receive()->value == 2);
    auto refused = create_oneshot<tracked>();
    refused.receiver.close();
    CHECK_FALSE(refused.sender.send(tracked(3)));
  }
  CHECK(tracked::alive == 0);

  struct picky {
    explicit picky(int from) {
      if (from < 0) throw std::invalid_argument("negative");
    }
  };
  auto [sender, receiver] = create_oneshot<picky>();
  CHECK_THROWS_AS(sender.send(-1), std::invalid_argument);
  CHECK_FALSE(receiver.try_receive());
  CHECK(sender.send(1));
  CHECK(receiver.try_receive());
}

TEST_CASE("another runtime's task may not wait (R73); frames of waiters may go") {
  auto [sender, receiver] = create_oneshot<int>();
  {
    crank wheel, foreign;
    auto a = wheel.start(receive(receiver));
    wheel.run();
    a.cancel();
    wheel.run();
    auto b = foreign.start(receive(receiver));
    foreign.run();
    CHECK_THROWS_AS(b.result(), usage_error);
    auto c = wheel.start(receive(receiver));
    wheel.run();
  }
  CHECK(sender.send(1));
  CHECK(receiver.try_receive() == 1);
}
