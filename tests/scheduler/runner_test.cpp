// SPDX-License-Identifier: Apache-2.0
// One runtime for several mains, and Ctrl-C.
#include "charkha/runner.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/create_task.hpp"
#include "charkha/interrupted_error.hpp"
#include "charkha/run.hpp"
#include "charkha/sleep.hpp"
#include "charkha/usage_error.hpp"
#include "charkha/yield.hpp"
#include "support/report_log.hpp"
#include "support/signal_action.hpp"
#include "support/tracked.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::interrupted_error;
using charkha::report_kind;
using charkha::runner;
using charkha::runtime;
using charkha::task;
using charkha::test::press_ctrl_c;
using charkha::test::report_log;
using charkha::test::signal_action;
using namespace std::chrono_literals;

namespace {

coro<int> give(int value) { co_return value; }
coro<> sleep_long() { co_await charkha::sleep(1h); }
coro<> fail() {
  throw std::runtime_error("boom");
  co_return;
}
coro<> count_up(std::atomic<int>& count) {
  for (;;) {
    ++count;
    co_await charkha::yield();
  }
}
coro<> swallow_forever(std::atomic<int>& started) {
  for (;;) {
    try {
      ++started;
      co_await charkha::sleep(1h);
    } catch (const cancelled_error&) {
    }
  }
}
coro<task<>> leave_behind(std::atomic<int>& count) { co_return charkha::create_task(count_up(count)); }
/// Ctrl-C by main itself, then it waits.
coro<> interrupt_myself(bool& cancelled) {
  std::raise(SIGINT);
  try {
    co_await charkha::sleep(1h);
  } catch (const cancelled_error&) {
    cancelled = true;
    throw;
  }
}
coro<int> interrupt_and_go_on() {
  std::raise(SIGINT);
  try {
    co_await charkha::sleep(1h);
  } catch (const cancelled_error&) {
  }
  co_return 7;
}
coro<> interrupt_and_fail() {
  std::raise(SIGINT);
  try {
    co_await charkha::sleep(1h);
  } catch (const cancelled_error&) {
  }
  throw std::runtime_error("from clean-up");
}
coro<> interrupt_twice(std::atomic<int>& rounds) {
  for (;;) {
    try {
      if (++rounds <= 2) std::raise(SIGINT);
      co_await charkha::sleep(1h);
    } catch (const cancelled_error&) {
    }
  }
}

constexpr int worker_counts[] = {1, 2, 4};

}  // namespace

TEST_CASE("several mains, one runtime, made when it is first needed") {
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    runner r{{.workers = workers, .name = "several"}};
    CHECK(r.run(give(1)) == 1);
    const runtime* first = &r.get_runtime();
    CHECK(first->name() == "several");
    CHECK(first->worker_count() == static_cast<std::size_t>(workers));
    CHECK(r.run(give(2)) == 2);
    CHECK_THROWS_WITH(r.run(fail()), "boom");
    CHECK(r.run(give(3)) == 3);
    CHECK(&r.get_runtime() == first);
    CHECK(r.close().complete());
  }
}

TEST_CASE("the options are kept, with a copy of the name; values of any kind come out") {
  std::optional<runner> r;
  {
    std::string name = "short-lived-name";
    r.emplace(charkha::runtime_options{.workers = 1, .name = name, .debug = true});
    name.assign(name.size(), 'x');
  }
  CHECK(r->get_runtime().name() == "short-lived-name");
  CHECK(r->get_runtime().debug());
  auto box = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
  CHECK(*r->run(box()) == 4);
  int target = 0;
  auto refer = [](int& where) -> coro<int&> { co_return where; };
  CHECK(&r->run(refer(target)) == &target);
}

TEST_CASE("a task that one main leaves behind goes on during the next, until the runner is closed") {
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    report_log log;
    runner r{{.workers = workers, .reports = &log}};
    std::atomic<int> count{0};
    auto left = r.run(leave_behind(count));
    CHECK_FALSE(left.done());
    auto watch = [](std::atomic<int>& seen) -> coro<> {
      const int before = seen;
      while (seen < before + 10) co_await charkha::yield();
    };
    r.run(watch(count));
    CHECK_FALSE(left.done());
    CHECK(r.close().complete());
    CHECK(left.cancelled());
    CHECK(log.count() == 0);
  }
}

TEST_CASE("a closed runner cannot be used; closing it again says the same; one that was never used may be closed") {
  report_log log;
  std::atomic<int> started{0};
  runner r{{.workers = 1, .shutdown_timeout = 10ms, .reports = &log}};
  CHECK(r.close().complete());  // nothing yet, so this closes nothing
  auto body = [](std::atomic<int>& begun) -> coro<> {
    static_cast<void>(charkha::create_task(swallow_forever(begun), {.name = "stubborn"}));
    while (begun < 1) co_await charkha::yield();
  };
  r.run(body(started));
  const auto first = r.close();
  REQUIRE(first.unfinished.size() == 1);
  CHECK(first.unfinished[0].name == "stubborn");
  CHECK(first.unfinished[0].waiting_for == "sleep");
  const auto second = r.close();
  REQUIRE(second.unfinished.size() == 1);
  CHECK(second.unfinished[0].name == "stubborn");
  CHECK(log.count() == 1);
  CHECK_THROWS_AS(static_cast<void>(r.run(give(1))), charkha::usage_error);
  CHECK_THROWS_AS(static_cast<void>(r.get_runtime()), charkha::usage_error);
}

TEST_CASE("a main that is refused, because the runner is closed or the coro empty, runs nothing and is freed") {
  charkha::test::tracked::reset();
  bool ran = false;
  auto body = [](bool& flag, charkha::test::tracked) -> coro<> {
    flag = true;
    co_return;
  };
  runner r{{.workers = 1}};
  CHECK(r.run(give(1)) == 1);
  auto empty = give(2);
  auto full = std::move(empty);
  CHECK_THROWS_AS(static_cast<void>(r.run(std::move(empty))), charkha::usage_error);  // NOLINT(bugprone-use-after-move)
  CHECK(r.run(std::move(full)) == 2);
  r.close();
  CHECK_THROWS_AS(r.run(body(ran, charkha::test::tracked(1))), charkha::usage_error);
  CHECK_FALSE(ran);
  CHECK(charkha::test::tracked::alive == 0);
}

TEST_CASE("run and close are refused on a worker") {
  runner r{{.workers = 2}};
  auto body = [](runner& mine) -> coro<> {
    CHECK_THROWS_AS(static_cast<void>(mine.run(give(1))), charkha::usage_error);
    CHECK_THROWS_AS(static_cast<void>(mine.close()), charkha::usage_error);
    co_return;
  };
  CHECK_NOTHROW(r.run(body(r)));
  CHECK(r.run(give(1)) == 1);
}

TEST_CASE("a factory makes the runtime, once; one that makes none, or throws, may be tried again") {
  int calls = 0;
  {
    runner r([&calls] {
      ++calls;
      return std::make_unique<runtime>(charkha::runtime_options{.workers = 1, .name = "own"});
    });
    CHECK(calls == 0);
    CHECK(r.run(give(1)) == 1);
    CHECK(r.run(give(2)) == 2);
    CHECK(r.get_runtime().name() == "own");
    r.close();
  }
  CHECK(calls == 1);
  runner none([&calls]() -> std::unique_ptr<runtime> {
    if (++calls == 2) return nullptr;
    if (calls == 3) throw std::runtime_error("not yet");
    return std::make_unique<runtime>(charkha::runtime_options{.workers = 1});
  });
  CHECK_THROWS_AS(static_cast<void>(none.run(give(1))), charkha::usage_error);
  CHECK_THROWS_WITH(static_cast<void>(none.run(give(1))), "not yet");
  CHECK(none.run(give(5)) == 5);
}

TEST_CASE("the destructor closes: what is left is cancelled, and its clean-up runs") {
  report_log log;
  bool cleaned = false;
  {
    runner r{{.workers = 2, .reports = &log}};
    std::atomic<bool> started{false};
    auto child = [](std::atomic<bool>& begun, bool& done) -> coro<> {
      begun = true;
      try {
        co_await charkha::sleep(1h);
      } catch (const cancelled_error&) {
        done = true;
        throw;
      }
    };
    auto body = [](auto make, std::atomic<bool>& begun, bool& done) -> coro<> {
      static_cast<void>(charkha::create_task(make(begun, done)));
      while (!begun) co_await charkha::yield();
    };
    r.run(body(child, started, cleaned));
  }
  CHECK(cleaned);
  CHECK(log.count() == 0);
}

TEST_CASE("an error in the clean-up of a task that was left behind is reported once") {
  report_log log;
  {
    runner r{{.workers = 2, .reports = &log}};
    std::atomic<bool> started{false};
    auto child = [](std::atomic<bool>& begun) -> coro<> {
      begun = true;
      try {
        co_await charkha::sleep(1h);
      } catch (const cancelled_error&) {
      }
      throw std::runtime_error("while stopping");
    };
    auto body = [](auto make, std::atomic<bool>& begun) -> coro<int> {
      static_cast<void>(charkha::create_task(make(begun), {.name = "left"}));
      while (!begun) co_await charkha::yield();
      co_return 1;
    };
    CHECK(r.run(body(child, started)) == 1);
    CHECK(log.count() == 0);
    CHECK(r.close().complete());
    CHECK(log.names(report_kind::error_never_retrieved) == std::vector<std::string>{"left"});
  }
  CHECK(log.count() == 1);
}

// ---- SIGINT ----

TEST_CASE("without the option no signal is touched") {
  const signal_action standard(SIGINT, SIG_DFL);
  auto body = []() -> coro<bool> { co_return signal_action::is(SIGINT, SIG_DFL); };
  CHECK(charkha::run(body(), {.workers = 1}));
  auto with = []() -> coro<bool> { co_return !signal_action::is(SIGINT, SIG_DFL); };
  CHECK(charkha::run(with(), {.workers = 1, .handle_sigint = true}));
  CHECK(signal_action::is(SIGINT, SIG_DFL));
}

TEST_CASE("Ctrl-C cancels main; if main ends by that, run throws interrupted_error") {
  const signal_action standard(SIGINT, SIG_DFL);
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    report_log log;
    bool cancelled = false;
    CHECK_THROWS_AS(
        charkha::run(interrupt_myself(cancelled), {.workers = workers, .reports = &log, .handle_sigint = true}),
        interrupted_error);
    CHECK(cancelled);
    CHECK(signal_action::is(SIGINT, SIG_DFL));
    CHECK(log.count() == 0);
  }
}

TEST_CASE("it may come from anywhere while main is busy or waits") {
  const signal_action standard(SIGINT, SIG_DFL);
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    for (const bool busy : {false, true}) {
      std::atomic<int> started{0};
      auto body = [](bool work, std::atomic<int>& begun) -> coro<> {
        if (work) {
          co_await count_up(begun);
        } else {
          ++begun;
          co_await sleep_long();
        }
      };
      std::thread user([&] {
        while (started < 1) std::this_thread::yield();
        press_ctrl_c();
      });
      CHECK_THROWS_AS(charkha::run(body(busy, started), {.workers = workers, .handle_sigint = true}),
                      interrupted_error);
      user.join();
    }
  }
}

TEST_CASE("a main that swallows it and returns gives its value; one that fails instead throws its error") {
  const signal_action standard(SIGINT, SIG_DFL);
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    CHECK(charkha::run(interrupt_and_go_on(), {.workers = workers, .handle_sigint = true}) == 7);
    CHECK_THROWS_WITH(charkha::run(interrupt_and_fail(), {.workers = workers, .handle_sigint = true}), "from clean-up");
  }
}

TEST_CASE("a main that was cancelled without any signal stays cancelled") {
  const signal_action standard(SIGINT, SIG_DFL);
  auto body = []() -> coro<> {
    auto inner = charkha::create_task(sleep_long());
    inner.cancel();
    co_await inner;
  };
  CHECK_THROWS_AS(charkha::run(body(), {.workers = 1, .handle_sigint = true}), cancelled_error);
}

TEST_CASE("after an interrupted main the runner goes on with the next one, which may be interrupted, too") {
  const signal_action standard(SIGINT, SIG_DFL);
  report_log log;
  runner r{{.workers = 2, .reports = &log, .handle_sigint = true}};
  for (int i = 0; i < 3; ++i) {
    bool cancelled = false;
    CHECK_THROWS_AS(r.run(interrupt_myself(cancelled)), interrupted_error);
    CHECK(r.run(give(i)) == i);
    CHECK(r.run(interrupt_and_go_on()) == 7);
    CHECK(signal_action::is(SIGINT, SIG_DFL));
  }
  CHECK(r.close().complete());
  CHECK(log.count() == 0);
}

TEST_CASE("the second Ctrl-C ends the wait for a main that does not stop: no time is left, and it is reported") {
  const signal_action standard(SIGINT, SIG_DFL);
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    report_log log;
    std::atomic<int> rounds{0};
    runner r{{.workers = workers, .shutdown_timeout = 1h, .reports = &log, .handle_sigint = true}};
    CHECK_THROWS_AS(r.run(interrupt_twice(rounds)), interrupted_error);
    CHECK(rounds >= 2);
    CHECK(log.count(report_kind::destroyed_while_pending) == 1);
    CHECK(log.count() == 1);
    CHECK(r.close().unfinished.size() == 1);
    CHECK_THROWS_AS(static_cast<void>(r.run(give(1))), charkha::usage_error);
    CHECK(signal_action::is(SIGINT, SIG_DFL));
  }
}

TEST_CASE("a factory's runner handles it if it is told to") {
  const signal_action standard(SIGINT, SIG_DFL);
  const auto make = [] { return std::make_unique<runtime>(charkha::runtime_options{.workers = 1}); };
  bool cancelled = false;
  CHECK_THROWS_AS(charkha::run(interrupt_myself(cancelled), make, {.handle_sigint = true}), interrupted_error);
  CHECK(cancelled);
}

TEST_CASE("one runner has it at a time; others run without") {
  const signal_action standard(SIGINT, SIG_DFL);
  std::atomic<int> first_started{0}, second_started{0};
  std::atomic<bool> second_ended{false};
  auto body = [](std::atomic<int>& begun) -> coro<> {
    ++begun;
    co_await sleep_long();
  };
  auto second_body = [](std::atomic<int>& begun, std::atomic<bool>& leave) -> coro<int> {
    ++begun;
    while (!leave) co_await charkha::yield();
    co_return 2;
  };
  std::atomic<bool> first_ended{false};
  std::thread first([&] {
    CHECK_THROWS_AS(charkha::run(body(first_started), {.workers = 1, .handle_sigint = true}), interrupted_error);
    first_ended = true;
  });
  while (first_started < 1) std::this_thread::yield();
  std::thread second([&] {
    CHECK(charkha::run(second_body(second_started, first_ended), {.workers = 1, .handle_sigint = true}) == 2);
    second_ended = true;
  });
  while (second_started < 1) std::this_thread::yield();
  press_ctrl_c();  // the second one does not notice
  first.join();
  second.join();
  CHECK(second_ended);
  CHECK(signal_action::is(SIGINT, SIG_DFL));
}
