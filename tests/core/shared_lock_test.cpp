// SPDX-License-Identifier: Apache-2.0
// The shared lock, turned by hand.
#include "charkha/shared_lock.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

using charkha::coro;
using charkha::shared_lock;
using charkha::task;
using charkha::test::crank;
using charkha::test::gate;

namespace {

coro<> read(shared_lock& of, std::string& log, char letter) {
  co_await of.acquire_shared();
  log += letter;
}
coro<> write(shared_lock& of, std::string& log, char letter) {
  co_await of.acquire();
  log += letter;
}
/// Small letters read, capitals write.
std::vector<task<>> start(crank& wheel, shared_lock& of, std::string& log, const char* letters) {
  std::vector<task<>> tasks;
  for (const char* at = letters; *at != 0; ++at) {
    tasks.push_back(wheel.start(*at >= 'a' ? read(of, log, *at) : write(of, log, *at)));
  }
  wheel.run();
  return tasks;
}

}  // namespace

TEST_CASE("readers share it, a writer has it alone, and none of them suspends when it can be had") {
  shared_lock l;
  crank wheel;
  std::string log;
  auto readers = start(wheel, l, log, "ab");
  CHECK(log == "ab");
  CHECK(l.readers() == 2);
  CHECK_FALSE(l.locked());
  CHECK_FALSE(l.try_acquire());
  CHECK(l.try_acquire_shared());
  for (int i = 0; i < 3; ++i) l.release_shared();
  CHECK(l.try_acquire());
  CHECK(l.locked());
  CHECK_FALSE(l.try_acquire_shared());
  CHECK_FALSE(l.try_acquire());
  l.release();
  CHECK(l.readers() == 0);
}

TEST_CASE("releasing what is not held is an error") {
  shared_lock l;
  CHECK_THROWS_AS(l.release(), charkha::usage_error);
  CHECK_THROWS_AS(l.release_shared(), charkha::usage_error);
  CHECK(l.try_acquire());
  CHECK_THROWS_AS(l.release_shared(), charkha::usage_error);
  l.release();
  CHECK(l.try_acquire_shared());
  CHECK_THROWS_AS(l.release(), charkha::usage_error);
}

TEST_CASE("in the order in which they came, neighbouring readers together: neither kind starves the other") {
  shared_lock l;
  crank wheel;
  std::string log;
  CHECK(l.try_acquire_shared());
  auto tasks = start(wheel, l, log, "AbcDEf");
  CHECK(log.empty());
  CHECK_FALSE(l.try_acquire_shared());  // behind A
  l.release_shared();
  wheel.run();
  CHECK(log == "A");
  l.release();
  wheel.run();
  CHECK(log == "Abc");
  l.release_shared();
  wheel.run();
  CHECK(log == "Abc");
  l.release_shared();
  wheel.run();
  CHECK(log == "AbcD");
  l.release();
  wheel.run();
  CHECK(log == "AbcDE");
  l.release();
  wheel.run();
  CHECK(log == "AbcDEf");
}

TEST_CASE("a writer that gives up lets the readers behind it join those who read") {
  shared_lock l;
  crank wheel;
  std::string log;
  CHECK(l.try_acquire_shared());
  auto tasks = start(wheel, l, log, "AbcD");
  tasks[0].cancel();
  wheel.run();
  CHECK(tasks[0].cancelled());
  CHECK(log == "bc");
  CHECK(l.readers() == 3);
}

TEST_CASE("one who is cancelled with the lock on its way passes it on (R31)") {
  shared_lock l;
  crank wheel;
  std::string log;
  SUBCASE("a writer") {
    CHECK(l.try_acquire());
    auto tasks = start(wheel, l, log, "Ab");
    l.release();
    tasks[0].cancel();
    wheel.run();
    CHECK(log == "b");
    CHECK(l.readers() == 1);
  }
  SUBCASE("a reader") {
    CHECK(l.try_acquire());
    auto tasks = start(wheel, l, log, "aB");
    l.release();
    tasks[0].cancel();
    wheel.run();
    CHECK(log == "B");
    CHECK(l.locked());
  }
  SUBCASE("one that was cancelled before, with its kind's neighbours of the other kind") {
    CHECK(l.try_acquire());
    auto tasks = start(wheel, l, log, "aBc");
    tasks[0].cancel();
    l.release();
    wheel.run();
    CHECK(log == "B");
    l.release();
    wheel.run();
    CHECK(log == "Bc");
  }
}

TEST_CASE("guards release what they hold") {
  shared_lock l;
  gate until;
  crank wheel;
  auto reader = [](shared_lock& of, gate& at) -> coro<> {
    const auto held = co_await of.hold_shared();
    co_await at.wait();
  };
  auto writer = [](shared_lock& of, gate& at) -> coro<> {
    const auto held = co_await of.hold();
    co_await at.wait();
  };
  auto a = wheel.start(reader(l, until));
  auto b = wheel.start(writer(l, until));
  wheel.run();
  CHECK(l.readers() == 1);
  a.cancel();
  wheel.run();
  CHECK(l.locked());
  until.open();
  wheel.run();
  CHECK(b.done());
  CHECK_FALSE(l.locked());
}

TEST_CASE("the frames of waiters are destroyed: nothing stays with them") {
  shared_lock l;
  std::string log;
  CHECK(l.try_acquire());
  {
    crank wheel;
    auto tasks = start(wheel, l, log, "aBc");
    l.release();
    CHECK(l.readers() == 1);
  }
  CHECK(log.empty());
  CHECK(l.readers() == 0);
  CHECK_FALSE(l.locked());
}

TEST_CASE("another runtime's task may not wait (R73)") {
  shared_lock l;
  crank wheel, foreign;
  std::string log;
  CHECK(l.try_acquire());
  auto mine = start(wheel, l, log, "a");
  auto other = start(foreign, l, log, "b");
  CHECK_THROWS_AS(other[0].result(), charkha::usage_error);
}

TEST_CASE("cancel at every step: never a writer beside others, and free in the end") {
  for (int step = 0; step < 30; ++step) {
    for (std::size_t victim = 0; victim < 5; ++victim) {
      CAPTURE(step);
      CAPTURE(victim);
      shared_lock l;
      crank wheel;
      int reading = 0, writing = 0;
      auto nothing = []() -> coro<> { co_return; };
      auto body = [](shared_lock& of, int& mine, int& reads, int& writes, auto turn) -> coro<> {
        for (int i = 0; i < 3; ++i) {
          if (&mine == &reads) {
            co_await of.acquire_shared();
          } else {
            co_await of.acquire();
          }
          ++mine;
          CHECK(writes <= 1);
          CHECK((writes == 0 || reads == 0));
          auto pause = charkha::create_task(turn());
          bool cancelled = false;
          try {
            co_await pause;
          } catch (const charkha::cancelled_error&) {
            cancelled = true;
          }
          --mine;
          if (&mine == &reads) {
            of.release_shared();
          } else {
            of.release();
          }
          if (cancelled) co_return;
        }
      };
      std::vector<task<>> tasks;
      for (int i = 0; i < 5; ++i) {
        tasks.push_back(wheel.start(body(l, i % 3 == 0 ? writing : reading, reading, writing, nothing)));
      }
      for (int i = 0; i < step; ++i) wheel.turn();
      tasks[victim].cancel();
      wheel.run();
      for (const auto& each : tasks) CHECK(each.done());
      CHECK(l.try_acquire());
    }
  }
}
