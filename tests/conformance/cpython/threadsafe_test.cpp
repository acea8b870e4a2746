// SPDX-License-Identifier: Apache-2.0
// CPython's RunCoroutineThreadsafeTests: a thread outside hands a coroutine in and waits for what it gives. The hand-over
// is runtime::spawn; what CPython's concurrent.futures.Future does there is done by task and by std::future.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>

#include "charkha/charkha.hpp"
#include "support/report_log.hpp"

using charkha::coro;
using charkha::runtime;
using namespace std::chrono_literals;

namespace {

/// Waits, then adds, or fails, or is cancelled.
coro<int> add(int a, int b, bool fails = false) {
  co_await charkha::sleep(1ms);
  if (fails) throw std::runtime_error("Fail!");
  co_return a + b;
}
coro<int> never(std::atomic<bool>& started) {
  started = true;
  co_await charkha::sleep(1h);
  co_return 0;
}

/// The runtime of each case, from a thread that is not the one that made it.
template <class Body>
void from_another_thread(Body&& body) {
  for (const int workers : {1, 2, 4, 8}) {
    CAPTURE(workers);
    charkha::test::report_log log;
    runtime rt{{.workers = workers, .reports = &log}};
    std::thread outside([&] { body(rt); });
    outside.join();
    CHECK(rt.shutdown(60s).complete());
    CHECK(log.count() == 0);
  }
}

}  // namespace

TEST_CASE("test_tasks.RunCoroutineThreadsafeTests.run_coroutine_threadsafe: the value reaches the thread that waits") {
  from_another_thread([](runtime& rt) {
    CHECK(rt.spawn(add(1, 2)).get() == 3);
    CHECK(charkha::to_std_future(rt.spawn(add(1, 2))).get() == 3);
  });
}

TEST_CASE("test_tasks.RunCoroutineThreadsafeTests.run_coroutine_threadsafe_with_exception: and so does the error") {
  from_another_thread([](runtime& rt) {
    CHECK_THROWS_WITH_AS(static_cast<void>(rt.spawn(add(1, 2, true)).get()), "Fail!", std::runtime_error);
    CHECK_THROWS_WITH_AS(charkha::to_std_future(rt.spawn(add(1, 2, true))).get(), "Fail!", std::runtime_error);
  });
}

TEST_CASE(
    "test_tasks.RunCoroutineThreadsafeTests.run_coroutine_threadsafe_with_timeout: a wait that is over in time leaves "
    "the "
    "task alone, and then it can be cancelled") {
  from_another_thread([](runtime& rt) {
    std::atomic<bool> started{false};
    auto t = rt.spawn(never(started));
    CHECK_FALSE(t.wait_for(1ms));
    CHECK_FALSE(t.done());
    auto future = charkha::to_std_future(t);
    CHECK(future.wait_for(1ms) == std::future_status::timeout);
    while (!started) std::this_thread::yield();
    CHECK(t.cancel());
    CHECK(t.wait_for(1h));
    CHECK(t.cancelled());
    CHECK_THROWS_AS(future.get(), charkha::cancelled_error);
  });
}

TEST_CASE(
    "test_tasks.RunCoroutineThreadsafeTests.run_coroutine_threadsafe_task_cancelled: a cancelled task ends the wait of "
    "the thread, cancelled") {
  from_another_thread([](runtime& rt) {
    std::atomic<bool> started{false};
    auto t = rt.spawn(never(started));
    std::thread canceller([&] {
      while (!started) std::this_thread::yield();
      CHECK(t.cancel());
    });
    CHECK_THROWS_AS(static_cast<void>(t.get()), charkha::cancelled_error);
    canceller.join();
    CHECK(t.cancelled());
    // Before its first step as well.
    auto second = rt.spawn(never(started));
    second.cancel();
    CHECK_THROWS_AS(static_cast<void>(second.get()), charkha::cancelled_error);
  });
}

TEST_CASE(
    "test_tasks.RunCoroutineThreadsafeTests.run_coroutine_threadsafe_task_factory_exception: a spawn hook that throws "
    "reaches the caller, and the coroutine never runs") {
  struct refusing final : charkha::task_hooks {
    refusing() noexcept = default;
    void on_spawn(const charkha::any_task& task) override {
      if (task.name() != "refused") return;
      cancelled_in_time = task.cancel();
      throw std::logic_error("no such tasks");
    }
    std::atomic<bool> cancelled_in_time{false};
  };
  for (const int workers : {1, 2, 4, 8}) {
    CAPTURE(workers);
    charkha::test::report_log log;
    refusing hooks;
    std::atomic<bool> ran{false};
    {
      runtime rt{{.workers = workers, .reports = &log, .hooks = &hooks}};
      std::thread outside([&] {
        const auto run = [&]() -> coro<> {
          ran = true;
          co_return;
        };
        CHECK_THROWS_WITH_AS(static_cast<void>(rt.spawn(run(), {.name = "refused"})), "no such tasks",
                             std::logic_error);
        CHECK(rt.all_tasks().empty());
        CHECK(rt.spawn(add(1, 2)).get() == 3);  // others are not in the least impressed
      });
      outside.join();
      CHECK(rt.shutdown(60s).complete());
    }
    CHECK_FALSE(ran);
    CHECK(hooks.cancelled_in_time);
    CHECK(log.count() == 0);
  }
}
