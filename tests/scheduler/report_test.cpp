// SPDX-License-Identifier: Apache-2.0
// What would otherwise be lost is told once, to the handler.
#include "charkha/report.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "charkha/create_task.hpp"
#include "charkha/gather.hpp"
#include "charkha/runtime.hpp"
#include "charkha/simulation.hpp"
#include "charkha/sleep.hpp"
#include "support/report_log.hpp"

using charkha::coro;
using charkha::report;
using charkha::report_kind;
using charkha::test::report_log;
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
