// SPDX-License-Identifier: Apache-2.0
// Blocking functions as their tasks see them: values, errors, cancellation at every step, shutdown, simulation.
#include "charkha/to_thread.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/charkha.hpp"
#include "charkha/detail/this_thread.hpp"
#include "job_queue.hpp"
#include "support/every_runtime.hpp"
#include "support/hand_runtime.hpp"
#include "support/report_log.hpp"
#include "support/tracked.hpp"
#include "thread_pool.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::report_kind;
using charkha::runtime;
using charkha::simulation;
using charkha::to_thread;
using charkha::detail::intrusive_ptr;
using charkha::test::hand_runtime;
using charkha::test::on_every_runtime;
using charkha::test::report_log;
using charkha::test::tracked;
using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }
int fail(int value) { throw std::runtime_error("boom " + std::to_string(value)); }

/// A function that a test holds back.
class held {
 public:
  void operator()() {
    ++inside;
    gate.acquire();
    ++ended;
  }
  std::atomic<int> inside{0}, ended{0};
  std::counting_semaphore<> gate{0};
};
coro<> call_held(held& function) {
  auto call = to_thread(std::ref(function));
  co_await std::move(call);
}

/// Runs until its stop is requested.
class stoppable {
 public:
  void operator()(const std::stop_token& stop) {
    inside = true;
    while (!stop.stop_requested()) std::this_thread::yield();
    stopped = true;
  }
  std::atomic<bool> inside{false}, stopped{false};
};
coro<> call_stoppable(stoppable& function) { co_await to_thread(std::ref(function)); }

/// Runs nothing before the test says so, on the test's thread.
class hand_executor final : public charkha::detail::blocking_executor {
 public:
  hand_executor() noexcept = default;
  [[nodiscard]] bool submit(charkha::detail::blocking_job& job) noexcept override {
    queue.push(job);
    return true;
  }
  [[nodiscard]] bool withdraw(charkha::detail::blocking_job& job) noexcept override {
    return static_cast<bool>(queue.remove(job));
  }
  void call_oldest() {
    const auto job = queue.take();
    job->run();
    job->deliver();
  }
  charkha::detail::job_queue queue;
};

template <class Condition>
void until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

/// How often the value is alive, counted from several threads.
class counted {
 public:
  explicit counted(std::atomic<int>& alive) noexcept : alive_(&alive) { ++*alive_; }
  counted(counted&& other) noexcept : alive_(other.alive_) { ++*alive_; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --*alive_; }

 private:
  std::atomic<int>* alive_;
};

/// Not local to the test that calls its member: g++ 12 crashes on member functions of a coroutine's local types here.
struct adder {
  explicit adder(int start) : base(start) {}
  [[nodiscard]] int plus(int more) const { return base + more; }
  int base;
};

}  // namespace

TEST_CASE("a function gives its value, on a thread that is no worker, from everywhere") {
  on_every_runtime([]() -> coro<> {
    const int sum = co_await to_thread(add, 2, 3);
    CHECK(sum == 5);
    const bool outside = co_await to_thread([] { return charkha::detail::current_worker() == nullptr; });
    CHECK(outside);
    CHECK(charkha::detail::current_worker() != nullptr);
  });
}

TEST_CASE("values of every kind: none, move-only, reference; arguments are moved") {
  int target = 7;
  on_every_runtime([&target]() -> coro<> {
    co_await to_thread([] {});
    const auto moved = co_await to_thread([](std::unique_ptr<int> in) { return in; }, std::make_unique<int>(4));
    CHECK(*moved == 4);
    auto same = [&target]() -> int& { return target; };
    int& reference = co_await to_thread(same);
    CHECK(&reference == &target);
    const int member = co_await to_thread(&adder::plus, adder(5), 6);
    CHECK(member == 11);
  });
}

TEST_CASE("function and arguments are moved into the call, copied if they are lvalues, and freed with it") {
  tracked::reset();
  simulation sim;
  auto body = []() -> coro<> {
    const tracked kept(3);
    const int copies = tracked::copies;
    const int value = co_await to_thread([](const tracked& in) { return in.value; }, kept);
    CHECK(value == 3);
    CHECK(tracked::copies == copies + 1);
    const int other = co_await to_thread([](tracked in) { return in.value; }, tracked(4));
    CHECK(other == 4);
    CHECK(tracked::copies == copies + 1);
    CHECK(tracked::alive == 1);
  };
  sim.run(body());
  CHECK(tracked::alive == 0);
}

TEST_CASE("errors travel") {
  on_every_runtime([]() -> coro<> {
    std::string text;
    try {
      co_await to_thread(fail, 3);
    } catch (const std::runtime_error& error) {
      text = error.what();
    }
    CHECK(text == "boom 3");
    bool cancelled = false;
    try {
      co_await to_thread([] { throw cancelled_error("by itself"); });
    } catch (const cancelled_error&) {
      cancelled = true;
    }
    CHECK(cancelled);
  });
}

TEST_CASE("nothing runs before the await; the call can be moved until then, and awaited once") {
  on_every_runtime([]() -> coro<> {
    std::atomic<int> calls{0};
    auto count = [&calls] { ++calls; };
    {
      const auto never = to_thread(count);
    }
    auto first = to_thread(count);
    co_await charkha::yield();
    CHECK(calls == 0);
    auto second = std::move(first);
    co_await std::move(second);
    CHECK(calls == 1);
    bool refused = false;
    try {
      co_await std::move(second);  // NOLINT(bugprone-use-after-move): that is the test
    } catch (const charkha::usage_error&) {
      refused = true;
    }
    CHECK(refused);
    CHECK(calls == 1);
  });
}

TEST_CASE("a function that can take a stop token gets one, others none") {
  on_every_runtime([]() -> coro<> {
    const bool possible = co_await to_thread([](const std::stop_token& stop, int) { return stop.stop_possible(); }, 1);
    CHECK(possible);
    const int plain = co_await to_thread([](int value) { return value; }, 2);
    CHECK(plain == 2);
    auto either = [](auto&&... given) { return sizeof...(given); };
    const auto count = co_await to_thread(either, 1, 2);
    CHECK(count == 3);  // as std::jthread: the token first, if it can be taken
  });
}

TEST_CASE("an over-aligned function keeps its alignment") {
  struct alignas(64) wide {
    explicit wide(int number) noexcept : value(number) {}
    std::uintptr_t operator()() const {
      return reinterpret_cast<std::uintptr_t>(this) % 64 + static_cast<unsigned>(value);
    }
    int value;
  };
  on_every_runtime([]() -> coro<> {
    const wide function(0);
    const auto remainder = co_await to_thread(function);
    CHECK(remainder == 0);
  });
}

TEST_CASE("it works within gather and timeout") {
  on_every_runtime([]() -> coro<> {
    auto square = [](int value) -> coro<int> {
      const int result = co_await to_thread([](int x) { return x * x; }, value);
      co_return result;
    };
    std::vector<coro<int>> many;
    for (int i = 0; i < 20; ++i) many.push_back(square(i));
    const auto squares = co_await charkha::gather(std::move(many));
    CHECK(squares[19] == 361);
    auto call = [&square]() -> coro<int> { return square(4); };
    const int bounded = co_await charkha::timeout(60s, call);
    CHECK(bounded == 16);
  });
}

TEST_CASE("by hand: submitted by the await, delivered through the ready queue; the wait says what it is") {
  const auto calls = std::make_shared<hand_executor>();
  hand_runtime rt(1, nullptr, calls);
  auto body = []() -> coro<int> {
    const int sum = co_await to_thread(add, 1, 2);
    co_return sum;
  };
  auto t = rt.spawn(body());
  CHECK(calls->queue.empty());
  rt.run();
  CHECK(calls->queue.size() == 1);
  const auto& block = charkha::detail::task_access::block(t);
  CHECK(block.state.is_waiting());
  CHECK(block.waiting_on->describe() == "to_thread");
  calls->call_oldest();
  CHECK_FALSE(t.done());  // never on the caller's stack
  rt.run();
  CHECK(t.result() == 3);
}

TEST_CASE("by hand: a cancel request before, while and after the function runs") {
  tracked::reset();
  for (const int when : {0, 1, 2}) {
    CAPTURE(when);
    const auto calls = std::make_shared<hand_executor>();
    hand_runtime rt(1, nullptr, calls);
    auto body = []() -> coro<int> {
      auto function = [held = tracked(1)] { return tracked(held.value); };
      const auto value = co_await to_thread(std::move(function));
      co_return value.value;
    };
    auto t = rt.spawn(body());
    rt.run();
    if (when == 0) CHECK(t.cancel());
    if (when == 1) {
      const auto job = calls->queue.take();
      job->run();
      CHECK(t.cancel());
      job->deliver();
    }
    if (when == 2) {
      calls->call_oldest();
      CHECK(t.cancel());  // the task has not resumed: the cancel wins (R31)
    }
    rt.run();
    CHECK(t.cancelled());
    CHECK(calls->queue.empty());
    CHECK(tracked::alive == 0);
  }
}

TEST_CASE("by hand: a runtime that is torn down while a call is queued, or runs") {
  tracked::reset();
  for (const bool running : {false, true}) {
    CAPTURE(running);
    report_log log;
    const auto calls = std::make_shared<hand_executor>();
    intrusive_ptr<charkha::detail::blocking_job> job;
    {
      hand_runtime rt(1, &log, calls);
      auto body = [](tracked) -> coro<> {
        auto function = [held = tracked(1)] {};
        co_await to_thread(std::move(function));
      };
      static_cast<void>(rt.spawn(body(tracked(2))));
      rt.run();
      if (running) job = calls->queue.take();
    }
    CHECK(log.count(report_kind::destroyed_while_pending) == 1);
    CHECK(tracked::alive == 1);
    if (running) job->run();
    job = {};
    static_cast<void>(calls->queue.take());
    CHECK(tracked::alive == 0);
  }
}

TEST_CASE("a runtime without a place for blocking functions says so") {
  hand_runtime rt(1);
  held function;
  auto t = rt.spawn(call_held(function));
  rt.run();
  CHECK_THROWS_AS(t.result(), charkha::usage_error);
}

TEST_CASE("no thread can be started: the await throws, and the task goes on") {
  charkha::detail::thread_pool_config config;
  config.start = [](const std::function<void()>&) -> std::thread {
    throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
  };
  hand_runtime rt(1, nullptr, std::make_shared<charkha::detail::thread_pool>(config));
  auto body = []() -> coro<int> {
    bool refused = false;
    try {
      co_await to_thread(add, 1, 2);
    } catch (const std::system_error&) {
      refused = true;
    }
    CHECK(refused);
    co_await charkha::yield();
    co_return 5;
  };
  auto t = rt.spawn(body());
  rt.run();
  CHECK(t.result() == 5);
}

TEST_CASE("cancelling ends the wait at once; the function goes on and its value is dropped") {
  for (const int workers : {1, 2, 4}) {
    CAPTURE(workers);
    report_log log;
    runtime rt{{.workers = workers, .reports = &log}};
    held function;
    auto t = rt.spawn(call_held(function));
    until([&] { return function.inside == 1; });
    CHECK(t.cancel("enough"));
    std::string message;
    try {
      t.get();
    } catch (const cancelled_error& error) {
      message = error.message();
    }
    CHECK(message == "enough");
    CHECK(function.ended == 0);
    function.gate.release();
    CHECK(rt.shutdown(60s).complete());
    CHECK(function.ended == 1);
    CHECK(log.count() == 0);
  }
}

TEST_CASE("an error of a function that nobody waits for any more is dropped with it") {
  report_log log;
  runtime rt{{.workers = 1, .reports = &log}};
  std::binary_semaphore gate{0};
  std::atomic<bool> inside{false};
  auto body = [](auto& entered, auto& leave) -> coro<> {
    auto function = [&entered, &leave] {
      entered = true;
      leave.acquire();
      throw std::runtime_error("dropped");
    };
    co_await to_thread(function);
  };
  auto t = rt.spawn(body(inside, gate));
  until([&] { return inside.load(); });
  t.cancel();
  CHECK_THROWS_AS(t.get(), cancelled_error);
  gate.release();
  CHECK(rt.shutdown(60s).complete());
  CHECK(log.count() == 0);
}

TEST_CASE("stop is requested on cancel, on time-out and on shutdown") {
  for (const int how : {0, 1, 2}) {
    CAPTURE(how);
    runtime rt{{.workers = 2}};
    stoppable function;
    auto bounded = [](stoppable& what) -> coro<bool> {
      auto body = [&what]() -> coro<> { return call_stoppable(what); };
      bool late = false;
      try {
        co_await charkha::timeout(1ms, body);
      } catch (const charkha::timeout_error&) {
        late = true;
      }
      co_return late;
    };
    if (how == 1) {
      CHECK(rt.spawn(bounded(function)).get());
    } else {
      auto t = rt.spawn(call_stoppable(function));
      until([&] { return function.inside.load(); });
      if (how == 0) t.cancel();
      if (how == 2) CHECK(rt.shutdown(60s).complete());
      CHECK_THROWS_AS(t.get(), cancelled_error);
    }
    // A time-out may come before the function has begun; then it never does.
    until([&] { return function.stopped == function.inside; });
    CHECK(rt.shutdown(60s).complete());
    CHECK(function.stopped == function.inside);
    if (how != 1) CHECK(function.stopped);
  }
}

TEST_CASE("a call that is cancelled before it began never runs") {
  report_log log;
  runtime rt{{.workers = 1, .reports = &log, .max_blocking_threads = 1}};
  held first, second;
  auto running = rt.spawn(call_held(first));
  until([&] { return first.inside == 1; });
  auto queued = rt.spawn(call_held(second));
  until([&] { return charkha::detail::task_access::block(queued).state.is_waiting(); });
  queued.cancel();
  CHECK_THROWS_AS(queued.get(), cancelled_error);
  first.gate.release();
  CHECK_NOTHROW(running.get());
  CHECK_NOTHROW(rt.spawn([]() -> coro<> { co_await to_thread([] {}); }).get());  // queued behind, if it were queued
  CHECK(second.inside == 0);
}

TEST_CASE("cancelling at every step of a simulation: cancelled or given, and nothing is left") {
  tracked::reset();
  for (const int workers : {1, 2, 4}) {
    for (const auto seed : charkha::test::seeds(20)) {
      for (int steps = 0; steps < 8; ++steps) {
        simulation sim{{.workers = workers, .seed = seed}};
        int given = 0, cancelled = 0, called = 0;
        auto call = [](int& values, int& cancels, int& calls) -> coro<> {
          try {
            auto function = [&calls] {
              ++calls;
              return tracked(1);
            };
            const tracked value = co_await to_thread(function);
            values += value.value;
          } catch (const cancelled_error&) {
            ++cancels;
          }
        };
        auto body = [&]() -> coro<> {
          auto t = charkha::create_task(call(given, cancelled, called));
          for (int i = 0; i < steps; ++i) co_await charkha::yield();
          t.cancel();
          try {
            co_await t;
          } catch (const cancelled_error&) {
          }
        };
        sim.run(body());
        CHECK(given + cancelled <= 1);  // none: cancelled before it began
        CHECK(called >= given);
        CHECK(tracked::alive == 0);
      }
    }
  }
}

TEST_CASE("cancelling races completion a thousand times: dropped or given, never both, nothing leaked") {
  for (const int workers : {1, 2}) {
    CAPTURE(workers);
    std::atomic<int> alive{0}, given{0}, cancelled{0};
    {
      runtime rt{{.workers = workers}};
      for (int i = 0; i < 1'000; ++i) {
        std::atomic<int> phase{0};
        auto body = [](std::atomic<int>& count, std::atomic<int>& where) -> coro<counted> {
          auto function = [&count, &where] {
            where = 1;
            return counted(count);
          };
          co_return co_await to_thread(function);
        };
        auto t = rt.spawn(body(alive, phase));
        until([&] { return phase == 1; });
        for (int spin = 0; spin < i % 50; ++spin) charkha::detail::spin_pause();
        t.cancel();
        try {
          static_cast<void>(t.get());
          ++given;
        } catch (const cancelled_error&) {
          ++cancelled;
        }
      }
    }
    CHECK(given + cancelled == 1'000);
    CHECK(alive == 0);
  }
}

TEST_CASE("ten thousand calls from a hundred tasks") {
  for (const int workers : {1, 2, 4, 8}) {
    CAPTURE(workers);
    runtime rt{{.workers = workers, .blocking_idle_timeout = 1ms}};
    std::atomic<int> calls{0};
    auto body = [](std::atomic<int>& count) -> coro<int> {
      int sum = 0;
      auto function = [&count](int value) {
        ++count;
        return value;
      };
      for (int i = 0; i < 100; ++i) {
        const int value = co_await to_thread(function, i);
        sum += value;
      }
      co_return sum;
    };
    std::vector<charkha::task<int>> tasks;
    for (int i = 0; i < 100; ++i) tasks.push_back(rt.spawn(body(calls)));
    for (const auto& each : tasks) CHECK(each.get() == 4'950);
    CHECK(calls == 10'000);
  }
}

TEST_CASE("N functions that wait for each other all run when the limit allows it") {
  runtime rt{{.workers = 2, .max_blocking_threads = 40}};
  std::atomic<int> inside{0};
  auto body = [](std::atomic<int>& count) -> coro<> {
    auto function = [&count] {
      ++count;
      while (count < 40) std::this_thread::yield();
    };
    co_await to_thread(function);
  };
  std::vector<charkha::task<>> tasks;
  for (int i = 0; i < 40; ++i) tasks.push_back(rt.spawn(body(inside)));
  for (const auto& each : tasks) each.get();
  CHECK(inside == 40);
}

TEST_CASE("a function may spawn on its runtime and wait for the task") {
  runtime rt{{.workers = 1}};
  auto inner = [](int value) -> coro<int> {
    co_await charkha::sleep(1ms);
    co_return value;
  };
  auto outer = [](runtime& mine, auto make) -> coro<int> {
    auto function = [&mine, make] { return mine.spawn(make(6)).get(); };
    co_return co_await to_thread(function);
  };
  CHECK(rt.spawn(outer(rt, inner)).get() == 6);
}

TEST_CASE("options that make no sense are refused") {
  CHECK_THROWS_AS(runtime({.max_blocking_threads = 0}), std::invalid_argument);
  CHECK_THROWS_AS(runtime({.max_blocking_threads = -3}), std::invalid_argument);
  CHECK_THROWS_AS(runtime({.blocking_idle_timeout = -1s}), std::invalid_argument);
}

TEST_CASE("shutdown waits for a function that goes on, within its time") {
  runtime rt{{.workers = 2}};
  held function;
  auto t = rt.spawn(call_held(function));
  until([&] { return function.inside == 1; });
  std::atomic<bool> closed{false};
  std::thread closer([&] {
    CHECK(rt.shutdown(60s).complete());
    closed = true;
  });
  CHECK_THROWS_AS(t.get(), cancelled_error);
  CHECK_FALSE(closed);
  function.gate.release();
  closer.join();
  CHECK(function.ended == 1);
}

TEST_CASE("a function that does not end in time: its thread is let go, counted and reported; it ends in peace") {
  // Not freed before the thread has gone.
  static held function;
  report_log log;
  {
    runtime rt{{.workers = 2, .reports = &log}};
    auto one = rt.spawn(call_held(function)), two = rt.spawn(call_held(function));
    until([&] { return function.inside == 2; });
    const auto result = rt.shutdown(500ms);  // time enough for the tasks to end, on a busy machine too
    CHECK_FALSE(result.complete());
    CHECK(result.threads_not_stopped == 2);
    CHECK(result.workers_not_stopped == 0);
    CHECK(result.unfinished.empty());
    CHECK(one.cancelled());
    CHECK(two.cancelled());
    CHECK(rt.shutdown(1h).threads_not_stopped == 2);
  }
  CHECK(log.count(report_kind::thread_not_stopped) == 1);
  CHECK(log.count() == 1);
  CHECK(log.all()[0].text().find("to_thread") != std::string::npos);
  function.gate.release(2);
  until([] { return function.ended == 2; });
}

TEST_CASE("a task that waits for a function and swallows every request is destroyed while the function runs") {
  static held function;
  report_log log;
  std::optional<charkha::task<>> left;
  {
    runtime rt{{.workers = 2, .reports = &log}};
    auto stubborn = [](held& what) -> coro<> {
      for (;;) {
        try {
          co_await call_held(what);
        } catch (const cancelled_error&) {
        }
      }
    };
    left = rt.spawn(stubborn(function), {.name = "stubborn"});
    until([&] { return function.inside > 0; });
    const auto result = rt.shutdown(5ms);
    REQUIRE(result.unfinished.size() == 1);
    CHECK(result.unfinished[0].name == "stubborn");
    CHECK(result.unfinished[0].waiting_for == "to_thread");
    CHECK(result.threads_not_stopped >= 1);
    CHECK(left->cancelled());
  }
  CHECK(log.count(report_kind::destroyed_while_pending) == 1);
  CHECK(log.count(report_kind::thread_not_stopped) == 1);
  const int inside = function.inside;
  function.gate.release(inside);
  until([&] { return function.ended == inside; });
}

TEST_CASE("the end of a function races the end of its runtime") {
  for (int round = 0; round < 200; ++round) {
    report_log log;
    auto ended = std::make_shared<std::atomic<bool>>(false);
    {
      runtime rt{{.workers = 1 + round % 2, .reports = &log}};
      auto inside = std::make_shared<std::atomic<bool>>(false);
      auto go = std::make_shared<std::atomic<bool>>(false);
      auto stubborn = [](auto begun, auto leave, auto done) -> coro<> {
        auto function = [begun, leave, done] {
          *begun = true;
          while (!*leave) std::this_thread::yield();
          *done = true;
        };
        for (;;) {
          try {
            co_await to_thread(function);
            co_await charkha::sleep(1h);
          } catch (const cancelled_error&) {
          }
        }
      };
      auto t = rt.spawn(stubborn(inside, go, ended));
      until([&] { return inside->load(); });
      std::thread opener([&] { *go = true; });
      static_cast<void>(rt.shutdown(0s));
      opener.join();
      CHECK(t.done());
    }
    until([&] { return ended->load(); });
  }
}

TEST_CASE("after the pool was shut down a call is refused, and the task goes on") {
  auto pool = std::make_shared<charkha::detail::thread_pool>(charkha::detail::thread_pool_config{});
  hand_runtime rt(1, nullptr, pool);
  CHECK(pool->shut_down(0) == 0);
  std::atomic<bool> ran{false};
  auto body = [](std::atomic<bool>& flag) -> coro<int> {
    auto function = [&flag] { flag = true; };
    bool refused = false;
    try {
      co_await to_thread(function);
    } catch (const charkha::usage_error&) {
      refused = true;
    }
    CHECK(refused);
    co_await charkha::yield();
    co_return 5;
  };
  auto t = rt.spawn(body(ran));
  rt.run();
  CHECK(t.result() == 5);
  CHECK_FALSE(ran);
}

TEST_CASE("in a simulation with one worker functions run in the order of the awaits, and take no time") {
  for (const auto seed : charkha::test::seeds(20)) {
    simulation sim{{.seed = seed}};
    std::vector<int> order;
    auto call = [](std::vector<int>& log, int number) -> coro<> {
      auto function = [&log, number] { log.push_back(number); };
      co_await to_thread(function);
    };
    auto body = [&]() -> coro<> {
      std::vector<coro<>> many;
      for (int i = 0; i < 10; ++i) many.push_back(call(order, i));
      co_await charkha::gather(std::move(many));
    };
    sim.run(body());
    CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(sim.now().time_since_epoch() == 0ns);
  }
}

TEST_CASE("a seed decides when functions run among steps and among each other; the same seed decides the same") {
  const auto trace = [](int workers, std::uint64_t seed) {
    simulation sim{{.workers = workers, .seed = seed}};
    std::string events;
    auto call = [](std::string& log, int number) -> coro<> {
      auto function = [&log, number] { log += static_cast<char>('a' + number); };
      co_await to_thread(function);
      log += static_cast<char>('A' + number);
    };
    auto ticks = [](std::string& log) -> coro<> {
      for (int i = 0; i < 10; ++i) {
        log += '.';
        co_await charkha::yield();
      }
    };
    auto body = [&]() -> coro<> {
      std::vector<coro<>> many;
      for (int i = 0; i < 6; ++i) many.push_back(call(events, i));
      many.push_back(ticks(events));
      co_await charkha::gather(std::move(many));
    };
    sim.run(body());
    return events;
  };
  for (const int workers : {1, 4}) {
    std::vector<std::string> seen;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      seen.push_back(trace(workers, seed));
      CHECK(trace(workers, seed) == seen.back());
    }
    std::sort(seen.begin(), seen.end());
    CHECK(std::unique(seen.begin(), seen.end()) - seen.begin() > 5);
  }
}

TEST_CASE("a simulation that ends with a call that has not begun drops it") {
  std::atomic<int> alive{0};
  report_log log;
  {
    simulation sim{{.reports = &log}};
    auto stuck = [](std::atomic<int>& count) -> coro<> {
      for (;;) {
        try {
          co_await charkha::sleep(1h);
        } catch (const cancelled_error&) {
          break;
        }
      }
      // Asked to stop, and calls anew: the run ends with it only when this has ended.
      auto function = [held = counted(count)] {};
      co_await to_thread(std::move(function));
    };
    auto body = [&]() -> coro<> {
      static_cast<void>(charkha::create_task(stuck(alive)));
      co_await charkha::sleep(1s);
    };
    sim.run(body());
    CHECK(alive == 0);
  }
  {
    simulation sim{{.reports = &log}};
    auto thrower = [](std::atomic<int>& count) -> coro<> {
      auto function = [held = counted(count)] { throw std::runtime_error("boom"); };
      co_await to_thread(std::move(function));
    };
    CHECK_THROWS_AS(sim.run(thrower(alive)), std::runtime_error);
  }
  CHECK(alive == 0);
  CHECK(log.count() == 0);
}
