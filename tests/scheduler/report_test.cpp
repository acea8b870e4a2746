// SPDX-License-Identifier: Apache-2.0
// What would otherwise be lost is told once, to the handler.
#include "charkha/report.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "charkha/create_task.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/fatal_error.hpp"
#include "charkha/gather.hpp"
#include "charkha/run.hpp"
#include "charkha/runtime.hpp"
#include "charkha/simulation.hpp"
#include "charkha/sleep.hpp"
#include "charkha/when_all.hpp"
#include "charkha/yield.hpp"
#include "support/child_process.hpp"
#include "support/hand_runtime.hpp"
#include "support/report_log.hpp"
#include "support/signal_action.hpp"

using charkha::coro;
using charkha::report;
using charkha::report_kind;
using charkha::test::report_log;
using charkha::test::signal_action;
using namespace std::chrono_literals;

namespace {

coro<> fail() {
  throw std::runtime_error("boom");
  co_return;
}
coro<> sleep_long() { co_await charkha::sleep(1h); }

}  // namespace

TEST_CASE("the text of each kind names the task, its place and its error") {
  const auto site = std::source_location::current();
  const auto error = std::make_exception_ptr(std::runtime_error("boom"));
  const auto unseen = report{report_kind::error_never_retrieved, "a", site, error}.text();
  CHECK(unseen.find("task a") != std::string::npos);
  CHECK(unseen.find("boom") != std::string::npos);
  CHECK(unseen.find("report_test.cpp:" + std::to_string(site.line())) != std::string::npos);
  const auto pending = report{report_kind::destroyed_while_pending, "b", site, nullptr}.text();
  CHECK(pending.find("task b") != std::string::npos);
  CHECK(pending.find("pending") != std::string::npos);
  CHECK(report{report_kind::worker_not_stopped, {}, {}, nullptr}.text().find("worker") != std::string::npos);
  const auto thread = report{report_kind::thread_not_stopped, {}, {}, nullptr}.text();
  CHECK(thread.find("to_thread") != std::string::npos);
  for (const auto& text : {unseen, pending, thread}) CHECK(text.find('\n') == std::string::npos);
  const auto fatal = report{report_kind::fatal_error, "c", site, error}.text();
  CHECK(fatal.find("fatal") != std::string::npos);
  CHECK(fatal.find("task c") != std::string::npos);
  CHECK(fatal.find("boom") != std::string::npos);
  const auto slow = report{report_kind::slow_step, "d", site, nullptr, 250ms}.text();
  CHECK(slow.find("task d") != std::string::npos);
  CHECK(slow.find("250 ms") != std::string::npos);
  const auto forgotten = report{report_kind::coro_never_awaited, "e", site}.text();
  CHECK(forgotten.find("task e") != std::string::npos);
  CHECK(forgotten.find("never awaited") != std::string::npos);
  for (const auto& text : {unseen, pending, fatal, slow, forgotten}) CHECK(text.find('\n') == std::string::npos);
  const auto callback = report{report_kind::callback_failed, {}, site, error}.text();
  CHECK(callback.find("callback") != std::string::npos);
  CHECK(callback.find("boom") != std::string::npos);
  CHECK(callback.find("report_test.cpp:" + std::to_string(site.line())) != std::string::npos);
  CHECK(callback.find('\n') == std::string::npos);
  const auto nobody = report{report_kind::slow_step, {}, {}, nullptr, 1s}.text();
  CHECK(nobody.find("created at") == std::string::npos);
  CHECK(nobody.find("callback") != std::string::npos);
}

TEST_CASE("an unseen error: once, with name, place and error, when the last handle goes") {
  report_log log;
  charkha::runtime rt{{.workers = 2, .reports = &log}};
  {
    auto t = rt.spawn(fail(), {.name = "bad"});
    auto copy = t;
    while (!t.done()) std::this_thread::yield();
    CHECK(log.count() == 0);
  }
  CHECK(rt.shutdown(10s).complete());
  CHECK(log.count() == 1);
  const auto all = log.all();
  REQUIRE(all.size() == 1);
  CHECK(all[0].kind == report_kind::error_never_retrieved);
  CHECK(all[0].task_name == "bad");
  CHECK(all[0].site.line() != 0);
  CHECK_THROWS_WITH(std::rethrow_exception(all[0].error), "boom");
}

TEST_CASE("a task that is pending when its simulation ends: once") {
  report_log log;
  {
    charkha::simulation sim{{.reports = &log}};
    auto stuck = []() -> coro<> {
      for (;;) {
        try {
          co_await charkha::sleep(std::chrono::hours::max());
        } catch (...) {
        }
      }
    };
    auto body = [](auto make) -> coro<> {
      static_cast<void>(charkha::create_task(make(), {.name = "stuck"}));
      co_await charkha::sleep(1s);
    };
    sim.run(body(stuck));
    CHECK(log.count() == 0);
  }
  CHECK(log.names(report_kind::destroyed_while_pending) == std::vector<std::string>{"stuck"});
  CHECK(log.count() == 1);
}

TEST_CASE("the handler is not called once the runtime is gone: it may be gone, too") {
  std::optional<charkha::task<>> handle;
  report_log log;
  {
    charkha::runtime rt{{.workers = 1, .reports = &log}};
    handle = rt.spawn(fail(), {.name = "late"});
    while (!handle->done()) std::this_thread::yield();
  }
  handle.reset();  // a line on stderr instead
  CHECK(log.count() == 0);
}

TEST_CASE("between shutdown and destruction the handler still is") {
  report_log log;
  charkha::runtime rt{{.workers = 1, .reports = &log}};
  {
    auto t = rt.spawn(fail(), {.name = "late"});
    while (!t.done()) std::this_thread::yield();
    CHECK(rt.shutdown(10s).complete());
    CHECK(log.count() == 0);
  }
  CHECK(log.names(report_kind::error_never_retrieved) == std::vector<std::string>{"late"});
}

TEST_CASE("what ended well, was cancelled or was looked at is not reported") {
  report_log log;
  {
    charkha::runtime rt{{.workers = 2, .reports = &log}};
    auto cancelled = rt.spawn(sleep_long());
    cancelled.cancel();
    auto seen = rt.spawn(fail());
    CHECK_THROWS(seen.get());
    auto gathered = [](auto make) -> coro<> {
      try {
        co_await charkha::gather(make(), make(), make());
      } catch (const std::runtime_error&) {
      }
      co_await charkha::sleep(1ms);
    };
    CHECK_NOTHROW(rt.spawn(gathered(fail)).get());
  }
  CHECK(log.count() == 0);
}

// ---- fatal errors (R20) ----

namespace {

coro<> doom() {
  throw charkha::fatal_error("no way on");
  co_return;
}
coro<> await_it(charkha::task<> other) { co_await other; }

}  // namespace

TEST_CASE("child: a fatal error and nobody who takes it" * doctest::skip()) {
  const signal_action as_without_tests(SIGABRT, SIG_DFL);
  charkha::runtime rt{{.workers = 1}};
  rt.spawn(doom(), {.name = "doomed"}).get();
}

TEST_CASE("child: a fatal error and a handler that says nothing about it" * doctest::skip()) {
  const signal_action as_without_tests(SIGABRT, SIG_DFL);
  class plain final : public charkha::report_handler {
   public:
    plain() noexcept = default;
    void handle(const report& /*what*/) noexcept override {}
  };
  plain handler;
  charkha::simulation sim{{.reports = &handler}};
  sim.run(doom());
}

TEST_CASE("a fatal error ends the program, after a line that names the task and the error") {
  const auto alone = charkha::test::run_in_child("child: a fatal error and nobody who takes it");
  CHECK(alone.killed_by(SIGABRT));
  CHECK(alone.says("a fatal error left task doomed"));
  CHECK(alone.says("no way on"));
  const auto silent = charkha::test::run_in_child("child: a fatal error and a handler that says nothing about it");
  CHECK(silent.killed_by(SIGABRT));
  CHECK(silent.says("a fatal error left task Task-1"));
}

TEST_CASE("a handler that records it and returns lets the task end with it, before any awaiter goes on") {
  for (const int workers : {1, 2, 4}) {
    CAPTURE(workers);
    report_log log;
    charkha::runtime rt{{.workers = workers, .reports = &log}};
    auto t = rt.spawn(doom(), {.name = "doomed"});
    CHECK_THROWS_AS(t.get(), charkha::fatal_error);
    CHECK(log.names(report_kind::fatal_error) == std::vector<std::string>{"doomed"});
    CHECK(charkha::detail::describe_exception(log.all()[0].error) == "no way on");
    CHECK_THROWS_AS(std::rethrow_exception(log.all()[0].error), charkha::fatal_error);
    auto outer = rt.spawn(await_it(t), {.name = "outer"});
    CHECK_THROWS_AS(outer.get(), charkha::fatal_error);
    CHECK(log.names(report_kind::fatal_error) == std::vector<std::string>{"doomed", "outer"});
    CHECK(log.count() == 2);
  }
}

// ---- debug mode (R79, R7) ----

namespace {

coro<> take_time(charkha::test::hand_runtime& wheel, std::chrono::nanoseconds time) {
  wheel.move_clock(time);
  co_await charkha::yield();
}
coro<> fork_slowly(charkha::test::hand_runtime& wheel) {
  co_await charkha::yield();
  co_await charkha::when_all(take_time(wheel, 2s), take_time(wheel, 2s));
}
coro<int> give(int value) { co_return value; }
coro<> forget_one() {
  co_await charkha::yield();
  {
    const auto forgotten = give(1);
  }
}
coro<> keep_worker() { co_return; }

}  // namespace

TEST_CASE("a step that takes longer than slow_step is reported, each time, with its task and how long it took") {
  report_log log;
  charkha::test::hand_runtime wheel(1, &log, 100ms);
  auto in_time = wheel.spawn(take_time(wheel, 100ms));
  wheel.settle();
  CHECK(log.count() == 0);
  auto slow = wheel.spawn(take_time(wheel, 100ms + 1ns));
  slow.set_name("slow");
  wheel.settle();
  CHECK(slow.done());
  REQUIRE(log.count() == 1);
  const auto what = log.all()[0];
  CHECK(what.kind == report_kind::slow_step);
  CHECK(what.task_name == "slow");
  CHECK(what.site.line() == slow.site().line());
  CHECK(what.duration == 100ms + 1ns);
}

TEST_CASE("the slow step of a child of when_all is one, too, and sleeping is none") {
  report_log log;
  charkha::test::hand_runtime wheel(1, &log, 1s);
  auto parent = wheel.spawn(fork_slowly(wheel));
  wheel.settle();
  CHECK(parent.done());
  CHECK(log.count(report_kind::slow_step) >= 1);
  const auto before = log.count();
  auto sleeper = wheel.spawn(sleep_long());
  wheel.settle();
  wheel.move_clock(2h);
  wheel.settle();
  CHECK(sleeper.done());
  CHECK(log.count() == before);
}

TEST_CASE("without debug mode nothing is slow, and nothing is missed") {
  report_log log;
  charkha::test::hand_runtime wheel(1, &log);
  auto slow = wheel.spawn(take_time(wheel, 1h));
  auto forgetful = wheel.spawn(forget_one());
  wheel.settle();
  CHECK(slow.done());
  CHECK(forgetful.done());
  CHECK(log.count() == 0);
}

TEST_CASE("on threads: every step is too slow for a slow_step of nothing") {
  report_log log;
  {
    charkha::runtime rt{{.workers = 2, .reports = &log, .debug = true, .slow_step = 0ns}};
    CHECK(rt.debug());
    rt.spawn(keep_worker(), {.name = "busy"}).get();
  }
  CHECK(log.names(report_kind::slow_step) == std::vector<std::string>{"busy"});
  CHECK(log.all()[0].duration > 0ns);
}

TEST_CASE("debug mode tells of a coroutine that was never awaited, on threads and in a simulation") {
  report_log log;
  charkha::run(forget_one(), {.workers = 2, .reports = &log, .debug = true, .slow_step = 1h});
  CHECK(log.names(report_kind::coro_never_awaited) == std::vector<std::string>{"Task-1"});
  charkha::simulation sim{{.workers = 2, .reports = &log, .debug = true}};
  CHECK(sim.debug());
  sim.run(forget_one());
  CHECK(log.count(report_kind::coro_never_awaited) == 2);
  CHECK(log.count() == 2);
}
