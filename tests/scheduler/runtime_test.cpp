// SPDX-License-Identifier: Apache-2.0
// Worker threads: starting, spawning, naming, shutting down, and what outlives what.
#include "charkha/runtime.hpp"

#include <doctest/doctest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <memory>
#include <optional>
#include <semaphore>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/gather.hpp"
#include "charkha/interrupted_error.hpp"
#include "charkha/run.hpp"
#include "charkha/sleep.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/when_all.hpp"
#include "charkha/yield.hpp"
#include "support/report_log.hpp"
#include "support/signal_action.hpp"
#include "support/tracked.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHARKHA_TEST_LEAKS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CHARKHA_TEST_LEAKS 1
#endif
#ifdef CHARKHA_TEST_LEAKS
#include <sanitizer/lsan_interface.h>
#endif

using charkha::cancelled_error;
using charkha::coro;
using charkha::report_kind;
using charkha::runtime;
using charkha::task;
using charkha::test::report_log;
using namespace std::chrono_literals;

namespace {

/// What is allocated in its scope does not count as leaked.
class leak_on_purpose {
 public:
#ifdef CHARKHA_TEST_LEAKS
  leak_on_purpose() { __lsan_disable(); }
  ~leak_on_purpose() { __lsan_enable(); }
#else
  leak_on_purpose() = default;
  ~leak_on_purpose() {}
#endif
  leak_on_purpose(const leak_on_purpose&) = delete;
  leak_on_purpose& operator=(const leak_on_purpose&) = delete;
};

coro<int> give(int value) { co_return value; }
coro<> sleep_long() { co_await charkha::sleep(1h); }
coro<int> fail() {
  throw std::runtime_error("boom");
  co_return 0;
}
/// Must have started before it is asked to stop: a task that has not is cancelled without running.
coro<> swallow_forever(std::atomic<int>& started) {
  ++started;
  for (;;) {
    try {
      co_await charkha::sleep(1h);
    } catch (const cancelled_error&) {
    }
  }
}
coro<std::string> thread_name() {
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof name);
  co_return name;
}
coro<> block(std::binary_semaphore& entered, std::binary_semaphore& leave) {
  entered.release();
  leave.acquire();
  co_return;
}
coro<> await_it(task<> of) { co_await of; }
std::vector<std::string> names(const charkha::shutdown_result& result) {
  std::vector<std::string> all;
  for (const auto& each : result.unfinished) all.push_back(each.name);
  return all;
}
void wait_for(const std::atomic<int>& count, int value) {
  while (count < value) std::this_thread::yield();
}

}  // namespace

TEST_CASE("a runtime starts its workers and ends without ever having had a task") {
  for (const int workers : {1, 2, 4, 8}) {
    CAPTURE(workers);
    runtime rt{{.workers = workers, .name = "idle"}};
    CHECK(rt.worker_count() == static_cast<std::size_t>(workers));
    CHECK(rt.name() == "idle");
  }
}

TEST_CASE("spawn from a foreign thread, get there; values, errors, functions with captures") {
  for (const int workers : {1, 2, 4}) {
    CAPTURE(workers);
    runtime rt{{.workers = workers}};
    CHECK(rt.spawn(give(3)).get() == 3);
    CHECK_THROWS_WITH(static_cast<void>(rt.spawn(fail()).get()), "boom");
    const auto captured = std::make_unique<int>(4);
    auto t = rt.spawn([value = *captured]() -> coro<int> {
      co_await charkha::yield();
      co_return value;
    });
    CHECK(t.get() == 4);
    CHECK(rt.spawn(give(1), {.name = "named"}).name() == "named");
  }
}

TEST_CASE("spawn keeps the caller's location") {
  runtime rt{{.workers = 1}};
  auto t = rt.spawn(give(1));
  const auto line = __LINE__ - 1;
  CHECK(t.site().line() == line);
  CHECK(t.get() == 1);
}

TEST_CASE("many foreign threads spawn and get") {
  runtime rt{{.workers = 2}};
  std::atomic<int> sum{0};
  std::vector<std::thread> crowd;
  for (int t = 0; t < 4; ++t) {
    crowd.emplace_back([&] {
      for (int i = 0; i < 200; ++i) sum += rt.spawn(give(1)).get();
    });
  }
  for (auto& thread : crowd) thread.join();
  CHECK(sum == 800);
}

TEST_CASE("several runtimes in one process have their own tasks; a task of another one is refused") {
  runtime a{{.workers = 2, .name = "a"}}, b{{.workers = 1, .name = "b"}};
  auto sleeper = a.spawn(sleep_long());
  auto foreign = b.spawn(await_it(sleeper));
  CHECK_THROWS_AS(foreign.get(), charkha::usage_error);
  CHECK(a.spawn(give(1)).get() == 1);
  CHECK(b.spawn(give(2)).get() == 2);
  CHECK(b.shutdown(10s).complete());
  CHECK_FALSE(sleeper.done());
  CHECK(a.shutdown(10s).complete());
  CHECK(sleeper.cancelled());
}

TEST_CASE("a task may spawn on another runtime and cancel there") {
  runtime a{{.workers = 1}}, b{{.workers = 1}};
  auto body = [](runtime& other) -> coro<> {
    auto there = other.spawn(sleep_long());
    CHECK(there.cancel());
    while (!there.done()) co_await charkha::yield();
    CHECK(there.cancelled());
  };
  CHECK_NOTHROW(a.spawn(body(b)).get());
}

TEST_CASE("workers are named after the runtime, cut to fifteen characters") {
  {
    runtime rt{{.workers = 1, .name = "api"}};
    CHECK(rt.spawn(thread_name()).get() == "api-0");
  }
  runtime rt{{.workers = 1, .name = "a-name-that-is-too-long"}};
  CHECK(rt.spawn(thread_name()).get() == "a-name-that-i-0");
  CHECK(rt.name() == "a-name-that-is-too-long");
}

TEST_CASE("get, shutdown and run-like blocking are refused on a worker") {
  runtime rt{{.workers = 2}};
  auto body = [](runtime& mine) -> coro<> {
    auto other = charkha::create_task(sleep_long());
    CHECK_THROWS_AS(other.get(), charkha::usage_error);
    CHECK_THROWS_AS(static_cast<void>(mine.shutdown(1s)), charkha::usage_error);
    other.cancel();
    co_return;
  };
  CHECK_NOTHROW(rt.spawn(body(rt)).get());
  CHECK(rt.shutdown(10s).complete());
}

TEST_CASE("shutdown cancels what sleeps, lets clean-up and the tasks that it creates end, and says so again") {
  for (const int workers : {1, 2, 4}) {
    CAPTURE(workers);
    report_log log;
    runtime rt{{.workers = workers, .reports = &log}};
    std::atomic<int> cleaned{0}, late{0}, started{0};
    auto child = [](std::atomic<int>& count) -> coro<> {
      co_await charkha::sleep(1ms);
      ++count;
    };
    auto body = [](std::atomic<int>& begun, std::atomic<int>& done, std::atomic<int>& later, auto make) -> coro<> {
      ++begun;
      bool asked = false;
      try {
        co_await charkha::sleep(1h);
      } catch (const cancelled_error&) {
        asked = true;
      }
      if (asked) {
        auto cleanup = charkha::create_task(make(later));
        co_await cleanup;
        ++done;
      }
    };
    std::vector<task<>> tasks;
    for (int i = 0; i < 20; ++i) tasks.push_back(rt.spawn(body(started, cleaned, late, child)));
    wait_for(started, 20);
    const auto result = rt.shutdown(30s);
    CHECK(result.complete());
    CHECK(result.unfinished.empty());
    CHECK(cleaned == 20);
    CHECK(late == 20);
    for (const auto& each : tasks) CHECK(each.done());
    CHECK(rt.shutdown(0s).complete());
    CHECK(log.count() == 0);
  }
}

TEST_CASE("after shutdown spawn is refused and runs nothing") {
  charkha::test::tracked::reset();
  runtime rt{{.workers = 1}};
  CHECK(rt.shutdown(10s).complete());
  bool ran = false;
  auto body = [](bool& flag, charkha::test::tracked) -> coro<> {
    flag = true;
    co_return;
  };
  CHECK_THROWS_AS(static_cast<void>(rt.spawn(body(ran, charkha::test::tracked(1)))), charkha::usage_error);
  CHECK_FALSE(ran);
  CHECK(charkha::test::tracked::alive == 0);
}

TEST_CASE("a task that swallows every request: shutdown returns, names it, destroys it and reports it once") {
  for (const int workers : {1, 2}) {
    CAPTURE(workers);
    report_log log;
    std::optional<task<>> handle;
    std::atomic<int> started{0};
    {
      runtime rt{{.workers = workers, .reports = &log}};
      handle = rt.spawn(swallow_forever(started), {.name = "stubborn"});
      wait_for(started, 1);
      auto nice = rt.spawn(sleep_long(), {.name = "nice"});
      const auto result = rt.shutdown(20ms);
      CHECK_FALSE(result.complete());
      CHECK(names(result) == std::vector<std::string>{"stubborn"});
      CHECK(result.workers_not_stopped == 0);
      CHECK(handle->done());
      CHECK(handle->cancelled());
      CHECK(nice.cancelled());
      CHECK(names(rt.shutdown(1h)) == names(result));
    }
    CHECK(log.names(report_kind::destroyed_while_pending) == std::vector<std::string>{"stubborn"});
    CHECK(log.count() == 1);
    CHECK_THROWS_AS(handle->result(), cancelled_error);
  }
}

TEST_CASE("a thread that blocks in get() goes on when its task is destroyed by the shutdown") {
  report_log log;
  runtime rt{{.workers = 1, .reports = &log}};
  std::atomic<int> started{0};
  auto stubborn = rt.spawn(swallow_forever(started));
  wait_for(started, 1);
  std::atomic<bool> entered{false}, cancelled{false};
  std::thread outside([&] {
    entered = true;
    try {
      stubborn.get();
    } catch (const cancelled_error&) {
      cancelled = true;
    }
  });
  while (!entered) std::this_thread::yield();
  CHECK_FALSE(rt.shutdown(0s).complete());
  outside.join();
  CHECK(cancelled);
}

TEST_CASE("a gather, a when_all and a chain of awaits that are pending at the end are freed") {
  report_log log;
  charkha::test::tracked::reset();
  {
    runtime rt{{.workers = 2, .reports = &log}};
    std::atomic<int> started{0};
    auto hold = [](task<> of, std::atomic<int>& begun, charkha::test::tracked) -> coro<> {
      ++begun;
      for (;;) {
        try {
          co_await charkha::gather(of, of);
        } catch (const cancelled_error&) {
        }
      }
    };
    auto fork = [](std::atomic<int>& begun, charkha::test::tracked) -> coro<> {
      co_await charkha::when_all(swallow_forever(begun), swallow_forever(begun));
    };
    auto link = [](task<> of, std::atomic<int>& begun) -> coro<> {
      ++begun;
      co_await of;
    };
    auto inner = rt.spawn(swallow_forever(started));
    auto outer = rt.spawn(hold(inner, started, charkha::test::tracked(1)));
    auto chain = rt.spawn(link(outer, started));
    auto forked = rt.spawn(fork(started, charkha::test::tracked(2)));
    wait_for(started, 5);
    CHECK(rt.shutdown(20ms).unfinished.size() == 4);
    CHECK(chain.cancelled());
    CHECK(forked.cancelled());
  }
  CHECK(charkha::test::tracked::alive == 0);
  CHECK(log.count(report_kind::destroyed_while_pending) == 4);
}

TEST_CASE("the destructor shuts down; handles outlive the runtime and answer") {
  report_log log;
  std::optional<task<int>> good;
  std::optional<task<>> pending;
  std::optional<task<int>> bad;
  {
    runtime rt{{.workers = 2, .reports = &log}};
    good = rt.spawn(give(5), {.name = "good"});
    bad = rt.spawn(fail());
    pending = rt.spawn(sleep_long());
    CHECK(good->get() == 5);
    while (!bad->done()) std::this_thread::yield();
  }
  CHECK(good->result() == 5);
  CHECK(good->get() == 5);
  CHECK(good->name() == "good");
  CHECK(good->done());
  CHECK_FALSE(good->cancel());
  CHECK(pending->cancelled());
  CHECK_THROWS_WITH(static_cast<void>(bad->result()), "boom");
  CHECK(log.count() == 0);
}

TEST_CASE("tasks that have not run at shutdown are cancelled without running") {
  report_log log;
  std::atomic<int> ran{0};
  {
    runtime rt{{.workers = 1, .reports = &log}};
    std::binary_semaphore entered{0}, leave{0};
    auto blocker = rt.spawn(block(entered, leave));
    entered.acquire();
    auto body = [](std::atomic<int>& count) -> coro<> {
      ++count;
      co_return;
    };
    std::vector<task<>> tasks;
    for (int i = 0; i < 50; ++i) tasks.push_back(rt.spawn(body(ran)));
    std::thread closer([&] { CHECK(rt.shutdown(30s).complete()); });
    // The requests are there when the last task has one.
    while (tasks.back().cancelling() == 0) std::this_thread::yield();
    leave.release();
    closer.join();
    for (const auto& each : tasks) CHECK(each.cancelled());
  }
  CHECK(ran == 0);
  CHECK(log.count() == 0);
}

TEST_CASE("spawn races shutdown: each task either runs to an end or is refused") {
  for (int round = 0; round < 30; ++round) {
    report_log log;
    runtime rt{{.workers = 2, .reports = &log}};
    std::vector<task<int>> spawned;
    std::atomic<bool> go{false};
    std::thread outside([&] {
      try {
        for (;;) {
          spawned.push_back(rt.spawn(give(1)));
          go = true;
        }
      } catch (const charkha::usage_error&) {
      }
    });
    while (!go) std::this_thread::yield();
    CHECK(rt.shutdown(30s).complete());
    outside.join();
    bool all_done = true;
    for (const auto& each : spawned) all_done = all_done && each.done();
    CHECK(all_done);
    CHECK(log.count() == 0);
  }
}

TEST_CASE("shutdown from several threads: all get the same answer") {
  report_log log;
  runtime rt{{.workers = 2, .reports = &log}};
  std::atomic<int> started{0};
  auto stubborn = rt.spawn(swallow_forever(started), {.name = "stubborn"});
  wait_for(started, 1);
  std::vector<std::thread> crowd;
  std::atomic<int> right{0};
  for (int i = 0; i < 3; ++i) {
    crowd.emplace_back([&] {
      if (names(rt.shutdown(10ms)) == std::vector<std::string>{"stubborn"}) ++right;
    });
  }
  for (auto& thread : crowd) thread.join();
  CHECK(right == 3);
}

TEST_CASE("cancel from outside races shutdown") {
  for (int round = 0; round < 50; ++round) {
    report_log log;
    runtime rt{{.workers = 1, .reports = &log}};
    std::atomic<int> started{0};
    auto stubborn = rt.spawn(swallow_forever(started));
    wait_for(started, 1);
    std::thread outside([&] {
      while (stubborn.cancel("again")) std::this_thread::yield();
    });
    CHECK_FALSE(rt.shutdown(0s).complete());
    outside.join();
    CHECK(stubborn.done());
  }
}

TEST_CASE("cancel from outside races the end of a when_all") {
  runtime rt{{.workers = 2}};
  auto body = [](std::atomic<int>& started) -> coro<> {
    auto child = [](std::atomic<int>& count) -> coro<> {
      ++count;
      co_await charkha::sleep(1h);
    };
    co_await charkha::when_all(child(started), child(started), child(started));
  };
  for (int round = 0; round < 500; ++round) {
    std::atomic<int> started{0};
    auto t = rt.spawn(body(started));
    wait_for(started, 3);
    t.cancel();
    CHECK_THROWS_AS(t.get(), cancelled_error);
  }
}

TEST_CASE("a worker that is stuck in a step is reported, and shutdown returns without it") {
  static report_log log;  // the thread outlives the test case's scope by a little
  static std::binary_semaphore entered{0}, leave{0};
  std::unique_ptr<runtime> rt;
  {
    const leak_on_purpose allowed;  // what a stuck thread may still use is never freed
    rt = std::make_unique<runtime>(charkha::runtime_options{.workers = 2, .reports = &log});
    static_cast<void>(rt->spawn(block(entered, leave), {.name = "stuck"}));
  }
  entered.acquire();
  const auto result = rt->shutdown(1ms);
  CHECK_FALSE(result.complete());
  CHECK(result.workers_not_stopped == 1);
  CHECK(names(result) == std::vector<std::string>{"stuck"});
  CHECK(result.unfinished[0].waiting_for == "running");
  CHECK(log.count(report_kind::worker_not_stopped) == 1);
  CHECK(log.count() == 1);
  rt.reset();
  leave.release();
}

TEST_CASE("options that make no sense are refused") {
  CHECK_THROWS_AS(runtime({.workers = -1}), std::invalid_argument);
  CHECK_THROWS_AS(runtime({.workers = 100'000}), std::invalid_argument);
}

TEST_CASE("a hundred runtimes one after the other, each with work in flight") {
  std::atomic<int> ended{0};
  for (int i = 0; i < 100; ++i) {
    runtime rt{{.workers = 1 + i % 4}};
    auto body = [](std::atomic<int>& count) -> coro<> {
      std::vector<coro<int>> many;
      for (int k = 0; k < 10; ++k) many.push_back(give(k));
      const auto values = co_await charkha::gather(std::move(many));
      if (values.size() == 10) ++count;
    };
    auto t = rt.spawn(body(ended));
    auto sleeping = rt.spawn(sleep_long());
    CHECK_NOTHROW(t.get());
  }
  CHECK(ended == 100);
}

TEST_CASE("N blocking steps run on N workers at once, from idle") {
  constexpr int workers = 4;
  runtime rt{{.workers = workers}};
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> inside{0};
    auto body = [](std::atomic<int>& count) -> coro<> {
      ++count;
      while (count < workers) std::this_thread::yield();  // only if all run at once does any of them end
      co_return;
    };
    std::vector<task<>> tasks;
    for (int i = 0; i < workers; ++i) tasks.push_back(rt.spawn(body(inside)));
    for (const auto& each : tasks) each.get();
    CHECK(inside == workers);
  }
}

TEST_CASE("a cancel request from outside for a when_all races the destruction of its parent") {
  charkha::test::report_log log;
  for (int i = 0; i < 500; ++i) {
    charkha::runtime rt{{.workers = 1, .reports = &log}};
    auto stubborn = [](int children) -> charkha::coro<> {
      auto child = []() -> charkha::coro<> {
        for (;;) {
          try {
            co_await charkha::sleep(1h);
          } catch (const charkha::cancelled_error&) {
          }
        }
      };
      std::vector<charkha::coro<>> many;
      for (int k = 0; k < children; ++k) many.push_back(child());
      co_await charkha::when_all(std::move(many));
    };
    auto t = rt.spawn(stubborn(20));
    std::thread outside([&] {
      while (t.cancel()) {
      }
    });
    rt.shutdown(0s);
    outside.join();
  }
}

TEST_CASE("wait_for: for so long, then it says whether the task has ended; on a worker only of one that has") {
  runtime rt{{.workers = 2}};
  auto sleeper = rt.spawn(sleep_long());
  CHECK_FALSE(sleeper.wait_for(0s));
  CHECK_FALSE(sleeper.wait_for(-1h));
  CHECK_FALSE(sleeper.wait_for(1ms));
  CHECK_THROWS_AS(static_cast<void>(sleeper.wait_for(std::chrono::duration<double>(std::nan("")))),
                  std::invalid_argument);
  auto quick = rt.spawn(give(3));
  CHECK(quick.wait_for(std::chrono::hours::max()));
  CHECK(quick.wait_for(0s));
  CHECK(quick.result() == 3);
  auto failing = rt.spawn(fail());
  CHECK(failing.wait_for(1h));
  CHECK_THROWS_WITH(failing.get(), "boom");
  auto body = [](task<> pending, task<int> ended) -> coro<> {
    CHECK_THROWS_AS(static_cast<void>(pending.wait_for(1ms)), charkha::usage_error);
    CHECK(ended.wait_for(1ms));
    co_return;
  };
  CHECK_NOTHROW(rt.spawn(body(sleeper, quick)).get());
  CHECK_THROWS_AS(static_cast<void>(task<>().wait_for(0s)), charkha::usage_error);
}

TEST_CASE("wait_for whose time is up races the end of the task") {
  runtime rt{{.workers = 1}};
  for (int i = 0; i < 500; ++i) {
    auto t = rt.spawn(give(i));
    if (t.wait_for(std::chrono::microseconds(i % 40))) CHECK(t.done());
    CHECK(t.get() == i);
  }
}
namespace {

coro<> swallow_while_awaiting(task<> of, std::atomic<int>& started) {
  for (;;) {
    try {
      ++started;
      co_await of;
    } catch (const cancelled_error&) {
    }
  }
}
/// Asked to stop, it makes a successor and ends, `left` times.
coro<> hand_over(int left, std::atomic<int>& alive, std::atomic<int>& ended) {
  ++alive;
  try {
    co_await charkha::sleep(1h);
  } catch (const cancelled_error&) {
  }
  if (left > 0) static_cast<void>(charkha::create_task(hand_over(left - 1, alive, ended)));
  --alive;
  ++ended;
}
/// The same without waiting for a request: it is never at rest.
coro<> relay(const std::atomic<bool>& stop) {
  co_await charkha::yield();
  if (!stop) static_cast<void>(charkha::create_task(relay(stop)));
}

runtime* of_handler = nullptr;
void request_from_handler(int /*signal*/) { of_handler->request_shutdown(); }

}  // namespace

TEST_CASE("shutdown says what each task that is left waits for, and where it was created") {
  report_log log;
  runtime rt{{.workers = 2, .reports = &log}};
  std::atomic<int> started{0};
  auto sleeping = rt.spawn(swallow_forever(started), {.name = "a-sleeps"});
  wait_for(started, 1);
  auto awaiting = rt.spawn(swallow_while_awaiting(sleeping, started), {.name = "b-awaits"});
  wait_for(started, 2);
  auto result = rt.shutdown(20ms);
  REQUIRE(result.unfinished.size() == 2);
  if (result.unfinished[0].name != "a-sleeps") std::swap(result.unfinished[0], result.unfinished[1]);
  CHECK(result.unfinished[0].name == "a-sleeps");
  CHECK(result.unfinished[0].waiting_for == "sleep");
  CHECK(result.unfinished[0].site.line() == sleeping.site().line());
  CHECK(result.unfinished[1].name == "b-awaits");
  CHECK(result.unfinished[1].waiting_for == "task a-sleeps");
  const auto again = rt.shutdown(0s);
  REQUIRE(again.unfinished.size() == 2);
  CHECK(again.unfinished[0].waiting_for != "running");
}

TEST_CASE("shutdown sees the successors of tasks that make one when they are asked to stop, across workers") {
  for (const int workers : {1, 2, 4, 8}) {
    CAPTURE(workers);
    for (int round = 0; round < 5; ++round) {
      report_log log;
      std::atomic<int> alive{0}, ended{0};
      runtime rt{{.workers = workers, .reports = &log}};
      for (int i = 0; i < 8; ++i) static_cast<void>(rt.spawn(hand_over(10, alive, ended)));
      wait_for(alive, 8);
      CHECK(rt.shutdown(30s).complete());
      CHECK(alive == 0);
      CHECK(log.count() == 0);
    }
  }
}

TEST_CASE("a task that hands over to a new one all the time is never believed to have gone") {
  for (const int workers : {2, 4, 8}) {
    CAPTURE(workers);
    for (int round = 0; round < 20; ++round) {
      report_log log;
      const std::atomic<bool> stop{false};
      runtime rt{{.workers = workers, .reports = &log}};
      for (int i = 0; i < 3; ++i) static_cast<void>(rt.spawn(relay(stop)));
      const auto result = rt.shutdown(30s);  // each is cancelled at its yield in the end
      CHECK(result.complete());
      CHECK(log.count() == 0);
    }
  }
}

TEST_CASE("shutdown can be requested from a thread, a task and a signal handler; whoever waits for it goes on") {
  for (const int from : {0, 1, 2, 3}) {
    CAPTURE(from);
    report_log log;
    runtime rt{{.workers = 2, .reports = &log}};
    of_handler = &rt;
    const charkha::test::signal_action handled(SIGUSR1, request_from_handler);
    auto background = rt.spawn(sleep_long());
    CHECK_FALSE(rt.shutdown_requested());
    std::atomic<int> waiting{0};
    std::vector<std::thread> crowd;
    for (int i = 0; i < 3; ++i) {
      crowd.emplace_back([&] {
        ++waiting;
        rt.wait_for_shutdown_request();
        CHECK(rt.shutdown_requested());
      });
    }
    wait_for(waiting, 3);
    auto ask = [](runtime& mine, bool by_signal) -> coro<> {
      if (by_signal) {
        std::raise(SIGUSR1);
      } else {
        mine.request_shutdown();
      }
      co_return;
    };
    if (from == 0) rt.request_shutdown();
    if (from == 1) rt.spawn(ask(rt, false)).get();
    if (from == 2) std::raise(SIGUSR1);
    if (from == 3) rt.spawn(ask(rt, true)).get();
    for (auto& thread : crowd) thread.join();
    rt.wait_for_shutdown_request();  // at once
    rt.request_shutdown();
    CHECK_FALSE(background.done());  // a request is no shutdown
    CHECK(rt.spawn(give(1)).get() == 1);
    CHECK(rt.shutdown(10s).complete());
    CHECK(background.cancelled());
  }
}

TEST_CASE("a shutdown counts as its request: nobody waits for ever; waiting is refused on a worker") {
  runtime rt{{.workers = 1}};
  auto wrong = [](runtime& mine) -> coro<> {
    CHECK_THROWS_AS(mine.wait_for_shutdown_request(), charkha::usage_error);
    co_return;
  };
  CHECK_NOTHROW(rt.spawn(wrong(rt)).get());
  std::atomic<int> waiting{0};
  std::thread outside([&] {
    ++waiting;
    rt.wait_for_shutdown_request();
  });
  wait_for(waiting, 1);
  CHECK(rt.shutdown(10s).complete());
  outside.join();
}

TEST_CASE("shutdown without a time takes that of the options") {
  report_log log;
  std::atomic<int> started{0};
  runtime rt{{.workers = 1, .shutdown_timeout = 5ms, .reports = &log}};
  auto stubborn = rt.spawn(swallow_forever(started), {.name = "stubborn"});
  wait_for(started, 1);
  CHECK(names(rt.shutdown()) == std::vector<std::string>{"stubborn"});
}

TEST_CASE("a shutdown that looks at what tasks wait for, while foreign threads cancel them") {
  for (int round = 0; round < 50; ++round) {
    report_log log;
    runtime rt{{.workers = 2, .reports = &log}};
    std::atomic<int> started{0};
    std::vector<task<>> stubborn;
    for (int i = 0; i < 10; ++i) stubborn.push_back(rt.spawn(swallow_forever(started)));
    wait_for(started, 10);
    std::thread outside([&] {
      for (bool any = true; any;) {
        any = false;
        for (const auto& each : stubborn) any = each.cancel("again") || any;
      }
    });
    CHECK(rt.shutdown(0s).unfinished.size() == 10);
    outside.join();
  }
}

TEST_CASE("the second Ctrl-C ends run() even while main is stuck in a step that never suspends") {
  static report_log log;  // as above, the thread may outlive the test case
  static std::binary_semaphore leave{0};
  static std::atomic<charkha::detail::task_core*> stuck{nullptr};
  const charkha::test::signal_action standard(SIGINT, SIG_DFL);
  auto body = []() -> coro<> {
    stuck = charkha::detail::current_worker()->current;
    leave.acquire();
    co_return;
  };
  std::thread user([] {
    while (stuck == nullptr) std::this_thread::yield();
    charkha::test::press_ctrl_c();
    while (stuck.load()->state.cancelling() == 0) std::this_thread::yield();
    charkha::test::press_ctrl_c();
  });
  {
    const leak_on_purpose allowed;
    CHECK_THROWS_AS(charkha::run(body(), {.workers = 2, .reports = &log, .handle_sigint = true}),
                    charkha::interrupted_error);
  }
  user.join();
  CHECK(log.count(report_kind::worker_not_stopped) == 1);
  leave.release();
}
