// SPDX-License-Identifier: Apache-2.0
// The cases of CPython's test_runners: run and runner, on real threads with 1, 2, 4 and 8 workers.
#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "charkha/charkha.hpp"
#include "charkha/detail/this_thread.hpp"
#include "support/child_process.hpp"
#include "support/every_runtime.hpp"
#include "support/report_log.hpp"
#include "support/signal_action.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::interrupted_error;
using charkha::report_kind;
using charkha::run;
using charkha::runner;
using charkha::runtime;
using charkha::runtime_options;
using charkha::task;
using charkha::usage_error;
using charkha::test::press_ctrl_c;
using charkha::test::report_log;
using charkha::test::signal_action;
using charkha::test::worker_counts;
using namespace std::chrono_literals;

namespace {

/// Calls it with each number of workers.
template <class Case>
void with_every_worker_count(Case&& each) {
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    each(workers);
  }
}

coro<std::string> done() {
  co_await charkha::sleep(0s);
  co_return "done";
}
coro<int> answer() {
  co_await charkha::sleep(0s);
  co_return 42;
}
coro<> raise_spam() {
  co_await charkha::sleep(0s);
  throw std::runtime_error("spam");
}
coro<> sleep_long() { co_await charkha::sleep(1h); }
coro<> forget_a_coroutine() {
  {
    const auto forgotten = answer();
  }
  co_await charkha::sleep(0s);
}
/// Stays until it is asked to stop, and then fails.
coro<> hang_and_fail(std::atomic<bool>& started) {
  try {
    started = true;
    co_await charkha::sleep(1h);
  } catch (const cancelled_error&) {
  }
  throw std::runtime_error("while stopping");
}
coro<> wait_for(const std::atomic<bool>& flag) {
  while (!flag) co_await charkha::yield();
}

/// Stands for a generator: something in a task's frame that must be closed whatever happens there.
class closes_in_the_end {
 public:
  explicit closes_in_the_end(std::atomic<int>& count) noexcept : count_(count) {}
  ~closes_in_the_end() { ++count_; }
  closes_in_the_end(const closes_in_the_end&) = delete;
  closes_in_the_end& operator=(const closes_in_the_end&) = delete;

 private:
  std::atomic<int>& count_;
};
coro<> hold_and_hang(std::atomic<bool>& started, std::atomic<int>& closed) {
  const closes_in_the_end generator(closed);
  co_await hang_and_fail(started);
}

}  // namespace

TEST_CASE("test_runners.RunTests.asyncio_run_return: run gives main's value") {
  with_every_worker_count([](int workers) { CHECK(run(answer(), {.workers = workers}) == 42); });
}

TEST_CASE("test_runners.RunTests.asyncio_run_raises: run throws main's error") {
  with_every_worker_count([](int workers) { CHECK_THROWS_WITH(run(raise_spam(), {.workers = workers}), "spam"); });
}

TEST_CASE("test_runners.RunTests.asyncio_run_debug: the flag reaches the runtime, and is off unless it is set") {
  with_every_worker_count([](int workers) {
    report_log log;
    run(forget_a_coroutine(), {.workers = workers, .reports = &log});
    run(forget_a_coroutine(), {.workers = workers, .reports = &log, .debug = false});
    CHECK(log.count() == 0);
    run(forget_a_coroutine(), {.workers = workers, .reports = &log, .debug = true, .slow_step = 1h});
    CHECK(log.count(report_kind::coro_never_awaited) == 1);
  });
}

TEST_CASE("test_runners.RunTests.asyncio_run_from_running_loop: run inside a task is refused, and runs nothing") {
  with_every_worker_count([](int workers) {
    bool ran = false;
    auto inner = [](bool& flag) -> coro<> {
      flag = true;
      co_return;
    };
    auto body = [](auto make, bool& flag) -> coro<> {
      CHECK_THROWS_AS(run(make(flag), {.workers = 1}), usage_error);
      co_return;
    };
    run(body(inner, ran), {.workers = workers});
    CHECK_FALSE(ran);
  });
}

TEST_CASE("test_runners.RunTests.asyncio_run_cancels_hanging_tasks: a task that is left over is done after run") {
  with_every_worker_count([](int workers) {
    std::optional<task<>> leftover;
    auto body = [](std::optional<task<>>& left) -> coro<int> {
      left = charkha::create_task(sleep_long());
      co_return 123;
    };
    CHECK(run(body(leftover), {.workers = workers}) == 123);
    CHECK(leftover->done());
    CHECK(leftover->cancelled());
  });
}

TEST_CASE("test_runners.RunTests.asyncio_run_reports_hanging_tasks_errors: an error while it stops is reported, once") {
  with_every_worker_count([](int workers) {
    report_log log;
    std::atomic<bool> started{false};
    auto body = [](std::atomic<bool>& begun) -> coro<int> {
      static_cast<void>(charkha::create_task(hang_and_fail(begun), {.name = "leftover"}));
      co_await wait_for(begun);
      co_return 123;
    };
    CHECK(run(body(started), {.workers = workers, .reports = &log}) == 123);
    REQUIRE(log.count() == 1);
    const auto what = log.all()[0];
    CHECK(what.kind == report_kind::error_never_retrieved);
    CHECK(what.task_name == "leftover");
    CHECK_THROWS_WITH(std::rethrow_exception(what.error), "while stopping");
  });
}

TEST_CASE(
    "test_runners.RunTests.asyncio_run_closes_gens_after_hanging_tasks_errors: what a leftover task holds is closed "
    "even "
    "if main and the task fail, and main's error wins") {
  with_every_worker_count([](int workers) {
    report_log log;
    std::atomic<bool> started{false};
    std::atomic<int> closed{0};
    auto body = [](std::atomic<bool>& begun, std::atomic<int>& count) -> coro<> {
      static_cast<void>(charkha::create_task(hold_and_hang(begun, count)));
      co_await wait_for(begun);
      throw std::runtime_error("main's own");
    };
    CHECK_THROWS_WITH(run(body(started, closed), {.workers = workers, .reports = &log}), "main's own");
    CHECK(closed == 1);
    CHECK(log.count(report_kind::error_never_retrieved) == 1);
    CHECK(log.count() == 1);
  });
}

TEST_CASE("test_runners.RunTests.asyncio_run_loop_factory: an own factory makes the runtime, once") {
  with_every_worker_count([](int workers) {
    int calls = 0;
    auto make = [&calls, workers] {
      ++calls;
      return std::make_unique<runtime>(runtime_options{.workers = workers});
    };
    CHECK(run(answer(), make) == 42);
    CHECK(calls == 1);
  });
}

TEST_CASE("test_runners.RunnerTests.non_debug: debug mode is off") {
  with_every_worker_count([](int workers) {
    runner r{{.workers = workers, .debug = false}};
    CHECK_FALSE(r.get_runtime().debug());
  });
}

TEST_CASE("test_runners.RunnerTests.debug: debug mode is on") {
  with_every_worker_count([](int workers) {
    runner r{{.workers = workers, .debug = true}};
    CHECK(r.get_runtime().debug());
  });
}

TEST_CASE("test_runners.RunnerTests.run: it runs main; at the end of its scope it is closed, and its runtime gone") {
  with_every_worker_count([](int workers) {
    std::optional<runner> r(std::in_place, runtime_options{.workers = workers});
    CHECK(r->run(done()) == "done");
    auto left = r->get_runtime().spawn(sleep_long());
    r.reset();
    CHECK(left.cancelled());
  });
}

TEST_CASE("test_runners.RunnerTests.explicit_close: a runner that was closed gives no runtime and runs nothing") {
  with_every_worker_count([](int workers) {
    runner r{{.workers = workers}};
    static_cast<void>(r.get_runtime());
    CHECK(r.close().complete());
    CHECK_THROWS_WITH_AS(static_cast<void>(r.get_runtime()), "this runner is closed", usage_error);
    CHECK_THROWS_AS(static_cast<void>(r.run(answer())), usage_error);
  });
}

TEST_CASE("test_runners.RunnerTests.double_close: the second close does nothing") {
  with_every_worker_count([](int workers) {
    runner r{{.workers = workers}};
    static_cast<void>(r.get_runtime());
    CHECK(r.close().complete());
    CHECK(r.close().complete());
  });
}

TEST_CASE("test_runners.RunnerTests.second_with_block_raises: a runner that was used and closed is not opened again") {
  with_every_worker_count([](int workers) {
    runner r{{.workers = workers}};
    CHECK(r.run(done()) == "done");
    r.close();
    for (int again = 0; again < 2; ++again) CHECK_THROWS_AS(static_cast<void>(r.run(done())), usage_error);
  });
}

TEST_CASE("test_runners.RunnerTests.recursive_run: run inside run is refused") {
  with_every_worker_count([](int workers) {
    runner r{{.workers = workers}};
    auto body = [](runner& mine) -> coro<> {
      static_cast<void>(mine.run(answer()));
      co_return;
    };
    CHECK_THROWS_AS(r.run(body(r)), usage_error);
    CHECK(r.run(answer()) == 42);
  });
}

TEST_CASE("test_runners.RunnerTests.interrupt_call_soon: SIGINT ends a busy loop of sleep(0), by a cancel") {
  const signal_action standard(SIGINT, SIG_DFL);
  with_every_worker_count([](int workers) {
    std::atomic<bool> started{false}, cancelled{false};
    auto body = [](std::atomic<bool>& begun, std::atomic<bool>& asked) -> coro<> {
      try {
        for (;;) {
          begun = true;
          co_await charkha::sleep(0s);
        }
      } catch (const cancelled_error&) {
        asked = true;
        throw;
      }
    };
    std::thread user([&] {
      while (!started) std::this_thread::yield();
      press_ctrl_c();
    });
    CHECK_THROWS_AS(run(body(started, cancelled), {.workers = workers, .handle_sigint = true}), interrupted_error);
    user.join();
    CHECK(cancelled);
  });
}

TEST_CASE("test_runners.RunnerTests.interrupt_wait: SIGINT cancels main and what it waits for") {
  const signal_action standard(SIGINT, SIG_DFL);
  with_every_worker_count([](int workers) {
    std::optional<task<>> awaited;
    auto wait = []() -> coro<> {
      std::raise(SIGINT);  // main awaits, or is about to
      co_await charkha::sleep(1h);
    };
    auto body = [](auto make, std::optional<task<>>& inner) -> coro<> {
      inner = charkha::create_task(make());
      co_await *inner;
    };
    CHECK_THROWS_AS(run(body(wait, awaited), {.workers = workers, .handle_sigint = true}), interrupted_error);
    REQUIRE(awaited);
    CHECK(awaited->cancelled());
  });
}

TEST_CASE(
    "test_runners.RunnerTests.interrupt_cancelled_task: a main that was cancelled anyway is cancelled, not "
    "interrupted") {
  const signal_action standard(SIGINT, SIG_DFL);
  with_every_worker_count([](int workers) {
    std::atomic<bool> interrupted{false};
    auto canceller = [](charkha::detail::task_core* main, std::atomic<bool>& raised) -> coro<> {
      main->cancel("by a task");
      std::raise(SIGINT);
      raised = true;
      co_return;
    };
    auto body = [](auto make, std::atomic<bool>& raised) -> coro<> {
      auto other = charkha::create_task(make(charkha::detail::current_worker()->current, raised));
      try {
        co_await charkha::sleep(1h);
      } catch (const cancelled_error&) {
        // With several workers main may be here before the signal is sent: it must be there to be interrupted.
        while (!raised) std::this_thread::yield();
        throw;
      }
    };
    CHECK_THROWS_AS(run(body(canceller, interrupted), {.workers = workers, .handle_sigint = true}), cancelled_error);
  });
}

namespace {

/// From here on the kernel refuses to set a handler for SIGINT. For good: in a process of its own.
bool refuse_sigint_handlers() {
  constexpr auto low_word = [](std::size_t argument) {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t));
  };
  constexpr auto statement = [](int code, std::uint32_t k) {
    return sock_filter{static_cast<std::uint16_t>(code), 0, 0, k};
  };
  constexpr auto if_equal = [](std::uint32_t k, std::uint8_t then, std::uint8_t otherwise) {
    return sock_filter{static_cast<std::uint16_t>(BPF_JMP | BPF_JEQ | BPF_K), then, otherwise, k};
  };
  std::array<sock_filter, 8> program{
      statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offsetof(seccomp_data, nr))),
      if_equal(SYS_rt_sigaction, 0, 5),
      statement(BPF_LD | BPF_W | BPF_ABS, low_word(0)),
      if_equal(SIGINT, 0, 3),
      statement(BPF_LD | BPF_W | BPF_ABS, low_word(1)),  // the new action; its low half is enough to tell null
      if_equal(0, 1, 0),
      statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{static_cast<std::uint16_t>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

TEST_CASE("test_runners.RunnerTests.run_keeps_context: what one main sets the next one sees, and nobody outside") {
  with_every_worker_count([](int workers) {
    static charkha::context_var<int> variable("variable", -1);
    runner here({.workers = workers});
    auto get_and_set = [](int value) -> coro<int> {
      const int before = variable.get();
      variable.set(value);
      co_await charkha::yield();
      CHECK(variable.get() == value);
      co_return before;
    };
    CHECK(here.run(get_and_set(1)) == -1);
    CHECK(here.run(get_and_set(2)) == 1);
    auto in_a_task_of_its_own = [&]() -> coro<int> {
      auto t = charkha::create_task(get_and_set(3));
      co_return co_await t;
    };
    CHECK(here.run(in_a_task_of_its_own()) == 2);
    CHECK(here.run(get_and_set(4)) == 2);
    CHECK(variable.get() == -1);
    runner other({.workers = workers});
    CHECK(other.run(get_and_set(5)) == -1);
  });
}

TEST_CASE("child: runs where no handler for SIGINT can be set" * doctest::skip()) {
  const signal_action standard(SIGINT, SIG_DFL);
  if (!refuse_sigint_handlers()) {
    MESSAGE("this kernel lets no process restrict itself: nothing is tested");
    return;
  }
  struct sigaction ours{};
  ours.sa_handler = SIG_IGN;
  REQUIRE(sigaction(SIGINT, &ours, nullptr) != 0);
  with_every_worker_count([](int workers) { CHECK(run(answer(), {.workers = workers, .handle_sigint = true}) == 42); });
  CHECK(signal_action::is(SIGINT, SIG_DFL));
}

TEST_CASE("test_runners.RunnerTests.signal_install_not_supported_ok: it works where no handler can be set") {
  CHECK(charkha::test::run_in_child("child: runs where no handler for SIGINT can be set").passed());
}
