// SPDX-License-Identifier: Apache-2.0
// Who holds the lock that a task waits for, as any_task::waiting_for() says it. Threads are in
// scheduler/lock_holder_threads_test.cpp.
#include "charkha/detail/lock_holder.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "charkha/condition.hpp"
#include "charkha/current_task.hpp"
#include "charkha/lock.hpp"
#include "charkha/shared_lock.hpp"
#include "charkha/when_all.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

using charkha::any_task;
using charkha::condition;
using charkha::coro;
using charkha::lock;
using charkha::shared_lock;
using charkha::test::crank;
using charkha::test::gate;

namespace {

coro<> keep(lock& of, gate& until) {
  const auto held = co_await of.hold();
  co_await until.wait();
}
coro<> take(lock& of) { co_await of.acquire(); }
coro<> try_and_keep(lock& of, gate& until) {
  const bool taken = of.try_acquire();
  CHECK(taken);
  co_await until.wait();
  of.release();
}
coro<> pass(lock& of) { const auto held = co_await of.hold(); }
coro<> fork_one(lock& of, gate& until) { co_await charkha::when_all(keep(of, until)); }

charkha::detail::task_core& core_of(const charkha::task<>& handle) {
  return charkha::detail::task_access::block(handle);
}

std::uint64_t number_of(const charkha::task<>& handle) { return core_of(handle).heap_block()->number; }

}  // namespace

TEST_CASE("a task that waits for a lock says who holds it, by name or by number, and who after a hand-over") {
  crank wheel;
  lock l;
  gate first, second;
  auto a = wheel.start(keep(l, first), {.name = "writer"});
  auto b = wheel.start(keep(l, second));
  const any_task c = wheel.start(pass(l));
  wheel.run();
  CHECK(b.waiting_for() == "lock held by writer");
  CHECK(c.waiting_for() == "lock held by writer");
  a.set_name("late riser");
  CHECK(c.waiting_for() == "lock held by late riser");
  first.open();
  wheel.run();
  CHECK(b.name() == "Task-2");
  CHECK(c.waiting_for() == "lock held by Task-2");
  second.open();
  wheel.run();
  CHECK(c.waiting_for().empty());
}

TEST_CASE("while the lock is on its way nobody holds it") {
  crank wheel;
  lock l;
  gate until;
  auto a = wheel.start(keep(l, until));
  auto b = wheel.start(pass(l)), c = wheel.start(pass(l));
  wheel.run();
  CHECK(c.waiting_for() == "lock held by Task-1");
  l.release();
  CHECK(b.waiting_for() == "running");
  CHECK(c.waiting_for() == "lock");
  wheel.run();
  until.open();
  wheel.run();
  CHECK(c.done());
}

TEST_CASE("try_acquire in a task makes it the holder, outside of one nobody known") {
  crank wheel;
  lock l;
  gate until;
  REQUIRE(l.try_acquire());
  auto outside = wheel.start(pass(l));
  wheel.run();
  CHECK(outside.waiting_for() == "lock");
  l.release();
  wheel.run();
  auto a = wheel.start(try_and_keep(l, until), {.name = "trying"});
  auto b = wheel.start(pass(l));
  wheel.run();
  CHECK(b.waiting_for() == "lock held by trying");
  CHECK_FALSE(l.try_acquire());
  CHECK(b.waiting_for() == "lock held by trying");
  until.open();
  wheel.run();
  CHECK(b.done());
}

TEST_CASE("a child of when_all has no number, and says who holds what it waits for as any task does") {
  crank wheel;
  lock l;
  gate until;
  auto a = wheel.start(fork_one(l, until));
  auto b = wheel.start(pass(l));
  wheel.run();
  CHECK(b.waiting_for() == "lock held by a child of when_all");
  until.open();
  wheel.run();
  CHECK(b.done());

  gate again;
  any_task child;
  auto introduce = [](lock& of, any_task& self) -> coro<> {
    self = charkha::current_task();
    const auto held = co_await of.hold();
  };
  auto fork = [](auto body, lock& of, any_task& self) -> coro<> { co_await charkha::when_all(body(of, self)); };
  auto c = wheel.start(keep(l, again), {.name = "holder"});
  auto d = wheel.start(fork(introduce, l, child));
  wheel.run();
  CHECK(child.waiting_for() == "lock held by holder");
  again.open();
  wheel.run();
  CHECK(d.done());
}

TEST_CASE("a task that waits for the lock that it holds says so") {
  crank wheel;
  lock l;
  auto twice = [](lock& of) -> coro<> {
    co_await of.acquire();
    co_await of.acquire();
  };
  auto a = wheel.start(twice(l), {.name = "stuck"});
  wheel.run();
  CHECK(a.waiting_for() == "lock held by stuck");
}

TEST_CASE(
    "a holder that ended without releasing: its name while there is a handle, then its number, never a later task's") {
  crank wheel;
  lock l;
  gate until;
  auto a = std::make_unique<charkha::task<>>(wheel.start(take(l), {.name = "careless"}));
  auto b = wheel.start(pass(l));
  wheel.run();
  CHECK(b.waiting_for() == "lock held by careless, which has ended");
  const auto* block = core_of(*a).heap_block();
  a.reset();
  CHECK(b.waiting_for() == "lock held by Task-1, which has ended");
  std::vector<charkha::task<>> later;
  for (int i = 0; i < 100; ++i) {
    later.push_back(wheel.start([](gate& at) -> coro<> { co_await at.wait(); }(until), {.name = "innocent"}));
    if (core_of(later.back()).heap_block() == block) break;  // in the same memory, unless a sanitizer keeps it
  }
  wheel.run();
  CHECK(b.waiting_for() == "lock held by Task-1, which has ended");
  l.release();
  wheel.run();
  CHECK(b.done());
  until.open();
  wheel.run();
}

TEST_CASE("a guard that goes to another task leaves the one that took the lock as its holder") {
  crank wheel;
  lock l;
  gate until;
  auto keeper = [](charkha::guard<lock> held, gate& at) -> coro<> {
    const auto mine = std::move(held);
    co_await at.wait();
  };
  auto body = [](lock& of, gate& at, auto to) -> coro<> {
    auto held = co_await of.hold();
    static_cast<void>(charkha::create_task(to(std::move(held), at), {.name = "keeper"}));
  };
  auto a = wheel.start(body(l, until, keeper), {.name = "taker"});
  auto b = wheel.start(pass(l));
  wheel.run();
  CHECK(b.waiting_for() == "lock held by taker, which has ended");
  until.open();
  wheel.run();
  CHECK(b.done());
}

TEST_CASE("a holder of another runtime is not known here: its number means something else") {
  crank wheel, foreign;
  lock l;
  gate until, closed;
  auto a = foreign.start(keep(l, until), {.name = "foreigner"});
  foreign.run();
  auto same_number = wheel.start([](gate& at) -> coro<> { co_await at.wait(); }(closed));
  auto b = wheel.start(pass(l));
  wheel.run();
  CHECK(number_of(a) == number_of(same_number));
  CHECK(b.waiting_for() == "lock");
  until.open();
  foreign.run();
  wheel.run();
  CHECK(b.done());
  closed.open();
  wheel.run();
}

TEST_CASE("a condition says who holds the lock that it takes again") {
  crank wheel;
  condition c;
  gate until;
  auto wait = [](condition& on) -> coro<> {
    const auto held = co_await on.hold();
    co_await on.wait();
  };
  auto change = [](condition& on, gate& at) -> coro<> {
    const auto held = co_await on.hold();
    on.notify();
    co_await at.wait();
  };
  auto a = wheel.start(wait(c), {.name = "waits"});
  wheel.run();
  CHECK(a.waiting_for() == "condition");
  auto b = wheel.start(change(c, until), {.name = "changes"});
  wheel.run();
  CHECK(a.waiting_for() == "lock held by changes");
  until.open();
  wheel.run();
  REQUIRE(a.done());
  CHECK_NOTHROW(a.result());
}

TEST_CASE("those who wait for a shared lock say who writes, or is about to, and nothing of readers") {
  crank wheel;
  shared_lock l;
  gate first, second, third;
  auto write = [](shared_lock& of, gate& at) -> coro<> {
    const auto held = co_await of.hold();
    co_await at.wait();
  };
  auto read = [](shared_lock& of, gate& at) -> coro<> {
    const auto held = co_await of.hold_shared();
    co_await at.wait();
  };
  auto a = wheel.start(write(l, first), {.name = "first"});
  auto b = wheel.start(write(l, second), {.name = "second"});
  auto c = wheel.start(read(l, third), {.name = "third"});
  auto d = wheel.start(write(l, third));
  wheel.run();
  CHECK(b.waiting_for() == "shared_lock (writer) held by first");
  CHECK(c.waiting_for() == "shared_lock (reader) held by first");
  first.open();
  wheel.turn();  // it ends; the second has not resumed
  CHECK(b.waiting_for() == "running");
  CHECK(c.waiting_for() == "shared_lock (reader) held by second");
  wheel.run();
  CHECK(c.waiting_for() == "shared_lock (reader) held by second");
  second.open();
  wheel.run();
  CHECK(d.waiting_for() == "shared_lock (writer)");
  third.open();
  wheel.run();
  CHECK(d.done());

  auto attempt = [](shared_lock& of) -> coro<bool> { co_return of.try_acquire(); };
  auto e = wheel.start(attempt(l), {.name = "tried"});
  auto f = wheel.start(read(l, third));
  wheel.run();
  CHECK(f.waiting_for() == "shared_lock (reader) held by tried, which has ended");
  l.release();
  wheel.run();
  CHECK(f.done());
}

TEST_CASE("a lock that is gone while tasks wait is held by nobody") {
  crank wheel;
  auto l = std::make_unique<lock>();
  auto shared = std::make_unique<shared_lock>();
  auto write = [](shared_lock& of) -> coro<> { co_await of.acquire(); };
  auto a = wheel.start(take(*l)), b = wheel.start(take(*l));
  auto c = wheel.start(write(*shared)), d = wheel.start(write(*shared));
  wheel.run();
  CHECK(b.waiting_for() == "lock held by Task-1, which has ended");
  l.reset();
  shared.reset();
  CHECK(b.waiting_for() == "lock");
  CHECK(d.waiting_for() == "shared_lock (writer)");
  b.cancel();
  d.cancel();
  wheel.run();
  CHECK(b.cancelled());
  CHECK(d.cancelled());
}

TEST_CASE("a lock goes while somebody looks at a task that waits for it") {
  for (int round = 0; round < 50; ++round) {
    crank wheel;
    std::optional<lock> l(std::in_place);
    gate until;
    auto a = wheel.start([](lock& of, gate& at) -> coro<> {
      co_await of.acquire();
      co_await at.wait();
    }(*l, until));
    auto b = wheel.start(take(*l));
    wheel.run();
    std::thread looker([&b] {
      for (std::string said; said != "lock"; said = b.waiting_for())
        CHECK((said.empty() || said == "lock held by Task-1"));
    });
    l.reset();
    looker.join();
    b.cancel();
    until.open();
    wheel.run();
    CHECK(b.cancelled());
  }
}
