// SPDX-License-Identifier: Apache-2.0
// Without memory: each allocation of a scenario fails once, then the next three in a row, then all that follow. Whatever
// fails, somebody is told by std::bad_alloc, nothing hangs, nothing leaks, and no promise is broken.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "charkha/simulation.hpp"
#include "failure/allocations.hpp"
#include "support/tracked.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::coro;
using charkha::test::allocations;
using charkha::test::tracked;

// Reports cost no memory here.
class silent final : public charkha::report_handler {
 public:
  void handle(const charkha::report& what) noexcept override {
    if (what.kind == charkha::report_kind::destroyed_while_pending) ++pending;
  }
  void fatal(const charkha::report& /*what*/) noexcept override {}
  int pending = 0;
};

struct attempt {
  bool failed = false;    // an allocation did
  std::string error;      // what came out, if it was neither a value nor bad_alloc
  bool told = false;      // bad_alloc came out
  std::int64_t live = 0;  // allocations that were not given back
  int tracked_alive = 0;
  int pending = 0;  // tasks that were destroyed
};

using scenario = coro<> (*)();

attempt run_with(scenario body, int workers, std::int64_t first, std::int64_t more) {
  attempt result;
  // A thread of its own has no frames from earlier.
  std::thread([&] {
    silent reports;
    tracked::reset();
    const auto before = allocations::live();
    allocations::fail(first, more);
    try {
      charkha::simulation simulation{{.workers = workers, .seed = 3, .reports = &reports}};
      simulation.run(body());
    } catch (const std::bad_alloc&) {
      result.told = true;
    } catch (const charkha::exception_group&) {
      result.told = true;  // of a task group
    } catch (const std::exception& error) {
      allocations::fail(-1, 0);
      result.error = error.what();
    } catch (...) {
      result.error = "something that is no std::exception";
    }
    result.failed = allocations::failed();
    allocations::fail(-1, 0);
    if (result.error.empty()) result.live = allocations::live() - before;
    result.tracked_alive = tracked::alive;
    result.pending = reports.pending;
  }).join();
  return result;
}

void fail_everywhere(scenario body) {
  for (const int workers : {1, 2}) {
    for (const std::int64_t more : {0, 3, 1'000'000}) {
      std::int64_t first = 0;
      for (;; ++first) {
        CAPTURE(workers);
        CAPTURE(first);
        CAPTURE(more);
        const auto result = run_with(body, workers, first, more);
        CHECK(result.error == "");
        CHECK(result.live == 0);
        CHECK(result.tracked_alive == 0);
        if (!result.failed) {
          CHECK_FALSE(result.told);
          CHECK(result.pending == 0);
          break;
        }
      }
      CHECK(first > 0);
    }
  }
}

// ---- the scenarios ---------------------------------------------------------------------------------------------------

coro<int> leaf(tracked value) {
  co_await charkha::yield();
  co_return value.value;
}
coro<int> sleeper(tracked value) {
  co_await charkha::sleep(1ms);
  co_return value.value;
}
coro<int> failing(tracked) {
  co_await charkha::yield();
  throw std::bad_alloc();
}

coro<> tasks() {
  auto a = charkha::create_task(leaf(tracked(1)));
  auto b = charkha::create_task(sleeper(tracked(2)), {.name = "a name that does not fit into a small string"});
  co_await a;
  co_await b;
}
coro<> gathers() {
  co_await charkha::gather(leaf(tracked(1)), sleeper(tracked(2)), leaf(tracked(3)));
  std::vector<coro<int>> several;
  for (int i = 0; i < 4; ++i) several.push_back(sleeper(tracked(i)));
  co_await charkha::gather(std::move(several));
}
coro<> forks() {
  co_await charkha::when_all(leaf(tracked(1)), sleeper(tracked(2)), leaf(tracked(3)));
  co_await charkha::when_any(leaf(tracked(1)), sleeper(tracked(2)));
  std::vector<coro<int>> several;
  for (int i = 0; i < 4; ++i) several.push_back(sleeper(tracked(i)));
  co_await charkha::when_all(std::move(several));
}
coro<> failing_forks() {
  try {
    co_await charkha::when_all(failing(tracked(1)), sleeper(tracked(2)), failing(tracked(3)));
  } catch (const charkha::exception_group&) {
  }
}
coro<> timeouts() {
  co_await charkha::timeout(1h, leaf(tracked(1)));
  try {
    co_await charkha::timeout(1us, sleeper(tracked(2)));
  } catch (const charkha::timeout_error&) {
  }
  co_await charkha::wait_for(sleeper(tracked(3)), 1h);
}
coro<> groups() {
  co_await charkha::with_task_group([](charkha::task_group& group) -> coro<> {
    auto a = group.create_task(leaf(tracked(1)));
    auto b = group.create_task(sleeper(tracked(2)));
    co_await a;
  });
  try {
    co_await charkha::with_task_group([](charkha::task_group& group) -> coro<> {
      auto a = group.create_task(failing(tracked(1)));
      auto b = group.create_task(sleeper(tracked(2)));
      co_await charkha::sleep(1h);
    });
  } catch (const charkha::exception_group&) {
  }
}
coro<> primitives() {
  charkha::lock lock;
  charkha::semaphore permits(1);
  charkha::event event;
  charkha::queue<tracked> queue(1);
  const auto user = [&](int number) -> coro<int> {
    const auto held = co_await lock.hold();
    const auto permit = co_await permits.hold();
    co_await queue.put(tracked(number));
    co_await charkha::yield();
    event.set();
    co_return number;
  };
  const auto taker = [&]() -> coro<int> {
    co_await event.wait();
    for (int i = 0; i < 2; ++i) static_cast<void>(co_await queue.get());
    co_return 0;
  };
  // In a group: if one cannot be made, the others are told.
  co_await charkha::with_task_group([&](charkha::task_group& group) -> coro<> {
    auto a = group.create_task(user(1));
    auto b = group.create_task(user(2));
    auto c = group.create_task(taker());
    co_await c;
  });
}
coro<> callbacks() {
  const auto f = charkha::create_future<int>();
  charkha::event called;
  f.add_done_callback([&](const charkha::any_future&) { called.set(); });
  charkha::call_soon([f] { f.set_result(1); });
  const auto later = charkha::call_later(1h, [] {});
  co_await f;
  co_await called.wait();
  later.cancel();
}
coro<> completions() {
  const std::vector all{charkha::create_task(leaf(tracked(1))), charkha::create_task(sleeper(tracked(2)))};
  co_await charkha::shield(all[0]);
  static_cast<void>(co_await charkha::wait(all, {.timeout = 1h}));
  auto ended = charkha::as_completed(all);
  while (auto each = co_await ended.next()) static_cast<void>(each->result());
}
charkha::generator<tracked> numbers() {
  for (int i = 0; i < 3; ++i) {
    co_await charkha::yield();
    co_yield tracked(i);
  }
}
coro<> generators() {
  auto all = numbers();
  while (const auto* each = co_await all.next()) static_cast<void>(each->value);
}
coro<> threads() {
  static_cast<void>(co_await charkha::to_thread([](tracked value) { return value.value; }, tracked(1)));
}
coro<> strands() {
  charkha::strand one_at_a_time;
  co_await charkha::with_task_group([&](charkha::task_group&) -> coro<> {
    auto a = one_at_a_time.create_task(leaf(tracked(1)));
    auto b = one_at_a_time.create_task(sleeper(tracked(2)));
    co_await a;
    co_await b;
  });
}
charkha::context_var<std::string> variable("a variable");
coro<> contexts() {
  variable.set("a text that does not fit into a small string");
  auto a = charkha::create_task([]() -> coro<int> { co_return static_cast<int>(variable.get().size()); });
  variable.set("another one, that does not fit either, so it is on the heap");
  co_await a;
}
coro<> channels() {
  auto ends = charkha::create_oneshot<int>();
  ends.sender.send(1);
  static_cast<void>(co_await ends.receiver.receive());
  charkha::broadcast<int> news(2);
  auto heard = news.subscribe();
  news.send(1);
  static_cast<void>(co_await heard.receive());
}
coro<> cancellation() {
  const auto middle = [](auto make) -> coro<int> {
    auto inner = charkha::create_task(make(tracked(1)));
    co_return co_await inner;
  };
  auto a = charkha::create_task(middle(sleeper));
  auto b = charkha::create_task([](auto first) -> coro<> { co_await charkha::gather(first); }, a);
  co_await charkha::yield();
  co_await charkha::yield();
  b.cancel("with a message that does not fit into a small string");
  try {
    co_await b;
  } catch (const charkha::cancelled_error&) {
  }
}

}  // namespace

TEST_CASE("tasks") { fail_everywhere(tasks); }
TEST_CASE("gather") { fail_everywhere(gathers); }
TEST_CASE("when_all and when_any") { fail_everywhere(forks); }
TEST_CASE("when_all with children that fail") { fail_everywhere(failing_forks); }
TEST_CASE("time-outs") { fail_everywhere(timeouts); }
TEST_CASE("task groups") { fail_everywhere(groups); }
TEST_CASE("locks, semaphores, events, queues") { fail_everywhere(primitives); }
TEST_CASE("futures and callbacks") { fail_everywhere(callbacks); }
TEST_CASE("shield, wait, as_completed") { fail_everywhere(completions); }
TEST_CASE("generators") { fail_everywhere(generators); }
TEST_CASE("to_thread") { fail_everywhere(threads); }
TEST_CASE("strands") { fail_everywhere(strands); }
TEST_CASE("contexts") { fail_everywhere(contexts); }
TEST_CASE("channels") { fail_everywhere(channels); }
TEST_CASE("cancellation") { fail_everywhere(cancellation); }

TEST_CASE("more tasks become ready than the ready queue holds, and it cannot grow") {
  constexpr int waiting = 1000;  // a ready queue begins with room for 256
  for (const int workers : {1, 2}) {
    std::thread([workers, waiting] {
      silent reports;
      charkha::simulation simulation{{.workers = workers, .seed = 3, .reports = &reports}};
      const int woken = simulation.run([](int count_of) -> coro<int> {
        charkha::event happened;
        int count = 0;
        std::vector<charkha::task<>> all;
        for (int i = 0; i < count_of; ++i) {
          all.push_back(charkha::create_task([](charkha::event& event, int& counted) -> coro<> {
            co_await event.wait();
            ++counted;
          }(happened, count)));
          if (i % 100 == 0) co_await charkha::sleep(1ms);
        }
        co_await charkha::sleep(1ms);
        allocations::fail(0, std::numeric_limits<std::int64_t>::max() - 1);
        happened.set();
        for (auto& each : all) co_await each;
        CHECK(allocations::failed());
        allocations::fail(-1, 0);
        co_return count;
      }(waiting));
      CHECK(woken == waiting);
    }).join();
  }
}

TEST_CASE("a runtime on threads: made, used and shut down by a thread whose memory fails") {
  for (const std::int64_t more : {0, 3, 1'000'000}) {
    std::int64_t first = 0;
    for (bool failed = true; failed; ++first) {
      CAPTURE(first);
      CAPTURE(more);
      std::string error;
      std::thread([&] {
        silent reports;
        tracked::reset();
        allocations::fail(first, more);
        try {
          charkha::runtime runtime{{.workers = 2, .reports = &reports}};
          const auto a = runtime.spawn(leaf(tracked(1)));
          const auto b = runtime.spawn(sleeper(tracked(2)));
          static_cast<void>(a.get());
          static_cast<void>(b.get());
          static_cast<void>(runtime.all_tasks());
        } catch (const std::bad_alloc&) {
        } catch (const std::system_error&) {  // what a thread that cannot be made for want of memory may be
        } catch (const std::exception& other) {
          allocations::fail(-1, 0);
          error = other.what();
        }
        failed = allocations::failed();
        allocations::fail(-1, 0);
      }).join();
      CHECK(error == "");
      CHECK(tracked::alive == 0);
    }
    CHECK(first > 1);
  }
}
