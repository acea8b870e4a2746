// SPDX-License-Identifier: Apache-2.0
// What all primitives queue with: order, hand-off, and the moments at which a waiter may go away.
#include "charkha/detail/wait_queue.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"

using charkha::coro;
using charkha::task;
using charkha::detail::queued_awaiter;
using charkha::detail::spin_guard;
using charkha::detail::wait_list;
using charkha::detail::wait_site;
using charkha::detail::wake_list;
using charkha::test::crank;

namespace {

/// Hands out numbers to those who wait, and keeps what comes back.
struct dispenser {
  class wait final : public queued_awaiter<wait> {
   public:
    explicit wait(dispenser& of) noexcept : queued_awaiter("dispenser"), owner(of) {}
    ~wait() { withdraw(); }
    std::ptrdiff_t await_resume() {
      finish();
      return gift();
    }

   private:
    friend queued_awaiter;
    wait_site& site() const noexcept { return owner.where; }
    bool enter(wake_list& /*woken*/) const noexcept { return false; }
    wait_list& line() const noexcept { return owner.waiters; }
    void leave(bool granted, wake_list& woken) const noexcept {
      ++owner.left;
      if (granted && !owner.waiters.grant_oldest(woken, gift())) owner.returned.push_back(gift());
    }
    dispenser& owner;
  };

  bool give(std::ptrdiff_t number) {
    wake_list woken;
    const spin_guard guard(where.lock);
    return waiters.grant_oldest(woken, number);
  }

  wait_site where;
  wait_list waiters;
  int left = 0;
  std::vector<std::ptrdiff_t> returned;
};

coro<std::ptrdiff_t> take(dispenser& from) {
  const std::ptrdiff_t number = co_await dispenser::wait(from);
  co_return number;
}

}  // namespace

TEST_CASE("nobody waits: nothing is given") {
  dispenser d;
  CHECK_FALSE(d.give(1));
  CHECK(d.waiters.empty());
}

TEST_CASE("each waiter is given something once, oldest first, and made ready in that order") {
  crank wheel;
  dispenser d;
  std::vector<task<std::ptrdiff_t>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(wheel.start(take(d)));
  wheel.run();
  for (int i = 0; i < 3; ++i) CHECK(d.give(10 + i));
  CHECK_FALSE(d.give(13));
  CHECK(wheel.ready() == 3);
  wheel.run();
  for (int i = 0; i < 3; ++i) CHECK(tasks[static_cast<std::size_t>(i)].result() == 10 + i);
  CHECK(d.left == 0);
}

TEST_CASE("a waiter in the middle, at the front or at the back leaves, and the others stay in order") {
  for (std::size_t leaver = 0; leaver < 3; ++leaver) {
    CAPTURE(leaver);
    crank wheel;
    dispenser d;
    std::vector<task<std::ptrdiff_t>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(wheel.start(take(d)));
    wheel.run();
    tasks[leaver].cancel();
    wheel.run();
    CHECK(d.left == 1);
    CHECK(d.give(1));
    CHECK(d.give(2));
    CHECK_FALSE(d.give(3));
    wheel.run();
    std::ptrdiff_t next = 1;
    for (std::size_t i = 0; i < 3; ++i) {
      if (i != leaver) CHECK(tasks[i].result() == next++);
    }
    CHECK(tasks[leaver].cancelled());
  }
}

TEST_CASE("a waiter that is cancelled but has not run is passed over") {
  crank wheel;
  dispenser d;
  auto a = wheel.start(take(d));
  auto b = wheel.start(take(d));
  wheel.run();
  a.cancel();
  CHECK(d.give(1));
  CHECK_FALSE(d.give(2));
  wheel.run();
  CHECK(a.cancelled());
  CHECK(b.result() == 1);
  CHECK(d.left == 1);
  CHECK(d.returned.empty());
}

TEST_CASE("a waiter that is cancelled with its gift gives it up: to the next, or back") {
  crank wheel;
  dispenser d;
  auto a = wheel.start(take(d));
  auto b = wheel.start(take(d));
  auto c = wheel.start(take(d));
  wheel.run();
  CHECK(d.give(7));
  a.cancel();
  wheel.turn();  // a passes it on to b
  b.cancel();    // and b to c
  wheel.run();
  CHECK(a.cancelled());
  CHECK(b.cancelled());
  CHECK(c.result() == 7);
  CHECK(d.returned.empty());
  auto last = wheel.start(take(d));
  wheel.run();
  CHECK(d.give(8));
  last.cancel();
  wheel.run();
  CHECK(d.returned == std::vector<std::ptrdiff_t>{8});
}

TEST_CASE("frames of waiters are destroyed: linked ones leave, granted ones give back") {
  dispenser d;
  {
    crank wheel;
    auto a = wheel.start(take(d));
    auto b = wheel.start(take(d));
    wheel.run();
    CHECK(d.give(1));
  }
  CHECK(d.left == 2);
  CHECK(d.returned == std::vector<std::ptrdiff_t>{1});
  CHECK(d.waiters.empty());
}

TEST_CASE("the list goes while tasks wait: they are let go of, and touch it no more") {
  crank wheel;
  auto d = std::make_unique<dispenser>();
  auto a = wheel.start(take(*d));
  auto b = wheel.start(take(*d));
  wheel.run();
  d.reset();
  a.cancel();
  wheel.run();
  CHECK(a.cancelled());
  CHECK_FALSE(b.done());
}

TEST_CASE("bound to the first runtime whose task waits, and not before") {
  crank wheel, foreign;
  dispenser d;
  auto a = wheel.start(take(d));
  wheel.run();
  auto b = foreign.start(take(d));
  foreign.run();
  try {
    static_cast<void>(b.result());
    FAIL("another runtime's task may not wait");
  } catch (const charkha::usage_error& e) {
    CHECK(std::string(e.what()).find("dispenser") != std::string::npos);
  }
  CHECK(d.give(1));
  wheel.run();
  CHECK(a.result() == 1);
}
