// SPDX-License-Identifier: Apache-2.0
// Who holds the lock that a task waits for, asked from other threads, and in the reports of a shutdown and a simulation.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/report_log.hpp"
#include "support/until.hpp"

using charkha::coro;
using charkha::lock;
using charkha::task;
using charkha::test::report_log;
using namespace std::chrono_literals;

namespace {

coro<> keep(lock& of, std::atomic<int>& holding) {
  const auto held = co_await of.hold();
  ++holding;
  for (;;) {
    try {
      co_await charkha::sleep(1h);
    } catch (const charkha::cancelled_error&) {  // it keeps it, whoever asks
    }
  }
}
coro<> take_and_end(lock& of) { co_await of.acquire(); }
/// Does not give up, whoever asks.
coro<> insist(lock& on) {
  for (;;) {
    try {
      const auto held = co_await on.hold();
      co_return;
    } catch (const charkha::cancelled_error&) {
    }
  }
}
coro<> work(lock& of, long& count, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    const auto held = co_await of.hold();
    ++count;
    if (i % 4 == 0) co_await charkha::yield();
  }
}

}  // namespace

TEST_CASE("a shutdown says who holds the lock that tasks still wait for, and that a holder has ended") {
  report_log log;
  lock kept, forgotten;
  std::atomic<int> holding{0};
  charkha::runtime rt{{.workers = 2, .reports = &log}};
  rt.spawn(take_and_end(forgotten)).get();
  auto holder = rt.spawn(keep(kept, holding), {.name = "holder"});
  while (holding == 0) std::this_thread::yield();
  std::vector<task<>> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(rt.spawn(insist(kept), {.name = "a"}));
    waiting.push_back(rt.spawn(insist(forgotten), {.name = "b"}));
  }
  for (const auto& each : waiting) {
    while (!charkha::test::waits(each)) std::this_thread::yield();
  }
  CHECK(waiting[0].waiting_for() == "lock held by holder");
  CHECK(waiting[1].waiting_for() == "lock held by Task-1, which has ended");
  const auto result = rt.shutdown(0s);
  CHECK(result.unfinished.size() == 41);
  int named = 0;
  for (const auto& left : result.unfinished) {
    if (left.name == "holder" || left.waiting_for == "running" || left.waiting_for == "cancelled") continue;
    ++named;
    CHECK(left.waiting_for == (left.name == "a" ? "lock held by holder" : "lock held by Task-1, which has ended"));
  }
  CHECK(named <= 40);
}

TEST_CASE("a simulation in which every task waits says who holds the lock") {
  report_log log;
  lock l;
  charkha::simulation world{{.reports = &log}};
  auto main = [](lock& of) -> coro<> {
    auto taker = charkha::create_task(take_and_end(of));
    co_await taker;
    co_await of.acquire();
  };
  std::string said;
  try {
    world.run(main(l));
  } catch (const charkha::usage_error& error) {
    said = error.what();
  }
  CHECK(said.find("(lock held by Task-2, which has ended)") != std::string::npos);
}

TEST_CASE(
    "whoever looks at tasks that fight for a lock finds one of them as the holder, or none, and never one that kept "
    "it") {
  report_log log;
  lock l;
  long count = 0;
  constexpr int tasks = 8, rounds = 300;
  {
    charkha::runtime rt{{.workers = 4, .reports = &log}};
    std::vector<task<>> fighting;
    for (int i = 0; i < tasks; ++i) fighting.push_back(rt.spawn(work(l, count, rounds), {.name = "fighter"}));
    const std::vector<std::string> allowed{"", "running", "lock", "lock held by fighter"};
    while (!std::all_of(fighting.begin(), fighting.end(), [](const auto& each) { return each.done(); })) {
      for (const auto& each : fighting) {
        const std::string said = each.waiting_for();
        if (std::find(allowed.begin(), allowed.end(), said) == allowed.end()) FAIL(said);
      }
    }
  }
  CHECK(count == tasks * rounds);
  CHECK(log.count() == 0);
}
