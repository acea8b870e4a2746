// SPDX-License-Identifier: Apache-2.0
// SIGINT while a thread waits for main: who owns it, what each one does, what is put back.
#include "sigint_watch.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "charkha/cancelled_error.hpp"
#include "charkha/runtime.hpp"
#include "charkha/sleep.hpp"
#include "support/report_log.hpp"
#include "support/signal_action.hpp"

using charkha::coro;
using charkha::detail::sigint_watch;
using charkha::test::press_ctrl_c;
using charkha::test::signal_action;
using verdict = charkha::detail::sigint_watch::verdict;
using namespace std::chrono_literals;

namespace {

void somebody_elses(int /*signal*/) {}

coro<int> give(int value) { co_return value; }
coro<int> fail() {
  throw std::runtime_error("boom");
  co_return 0;
}
coro<int> sleep_long() {
  co_await charkha::sleep(1h);
  co_return 1;
}
coro<int> swallow(int times, std::atomic<int>& started) {
  for (int i = 0; i < times; ++i) {
    try {
      ++started;
      co_await charkha::sleep(1h);
    } catch (const charkha::cancelled_error&) {
    }
  }
  co_return times;
}
template <class T>
charkha::detail::task_block& block_of(const charkha::task<T>& handle) {
  return charkha::detail::task_access::block(handle);
}
template <class T>
void wait_until_done(const charkha::task<T>& handle) {
  while (!handle.done()) std::this_thread::yield();
}

}  // namespace

TEST_CASE("it takes SIGINT over only from the default action, and puts that back") {
  const signal_action standard(SIGINT, SIG_DFL);
  for (int i = 0; i < 3; ++i) {
    const sigint_watch watch;
    CHECK(watch.owns());
    CHECK_FALSE(signal_action::is(SIGINT, SIG_DFL));
  }
  CHECK(signal_action::is(SIGINT, SIG_DFL));
  {
    const signal_action ignored(SIGINT, SIG_IGN);
    const sigint_watch watch;
    CHECK_FALSE(watch.owns());
    CHECK(signal_action::is(SIGINT, SIG_IGN));
  }
  {
    const signal_action theirs(SIGINT, somebody_elses);
    const sigint_watch watch;
    CHECK_FALSE(watch.owns());
    CHECK(signal_action::is(SIGINT, somebody_elses));
  }
}

TEST_CASE("one at a time has it; after that the next one may") {
  const signal_action standard(SIGINT, SIG_DFL);
  std::optional<sigint_watch> first(std::in_place);
  CHECK(first->owns());
  {
    const sigint_watch second;
    CHECK_FALSE(second.owns());
  }
  CHECK_FALSE(signal_action::is(SIGINT, SIG_DFL));  // the second one's end touched nothing
  first.reset();
  const sigint_watch third;
  CHECK(third.owns());
}

TEST_CASE("of several threads that want it one gets it") {
  const signal_action standard(SIGINT, SIG_DFL);
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> owners{0}, tried{0};
    std::vector<std::thread> crowd;
    for (int i = 0; i < 3; ++i) {
      crowd.emplace_back([&] {
        const sigint_watch watch;
        if (watch.owns()) ++owners;
        ++tried;
        while (tried < 3) std::this_thread::yield();
      });
    }
    for (auto& thread : crowd) thread.join();
    CHECK(owners == 1);
    CHECK(signal_action::is(SIGINT, SIG_DFL));
  }
}

TEST_CASE("a handler that somebody sets meanwhile stays") {
  const signal_action standard(SIGINT, SIG_DFL);
  {
    std::optional<sigint_watch> watch(std::in_place);
    REQUIRE(watch->owns());
    const signal_action theirs(SIGINT, somebody_elses);
    watch.reset();
    CHECK(signal_action::is(SIGINT, somebody_elses));
  }
}

TEST_CASE("the handler leaves errno alone") {
  const signal_action standard(SIGINT, SIG_DFL);
  const sigint_watch watch;
  REQUIRE(watch.owns());
  errno = 77;
  std::raise(SIGINT);
  CHECK(errno == 77);
}

TEST_CASE("without a signal main ends as it likes, also if it was done before") {
  const signal_action standard(SIGINT, SIG_DFL);
  charkha::runtime rt{{.workers = 2}};
  for (int i = 0; i < 50; ++i) {
    const sigint_watch watch;
    REQUIRE(watch.owns());
    auto t = rt.spawn(give(i));
    if (i % 2 == 0) wait_until_done(t);
    CHECK(watch.wait(block_of(t)) == verdict::ended);
    CHECK(t.result() == i);
  }
}

TEST_CASE("the first signal cancels main, whenever it comes: before the wait, or in it") {
  const signal_action standard(SIGINT, SIG_DFL);
  charkha::runtime rt{{.workers = 2}};
  {
    const sigint_watch watch;
    REQUIRE(watch.owns());
    std::raise(SIGINT);
    auto t = rt.spawn(sleep_long());
    CHECK(watch.wait(block_of(t)) == verdict::interrupted);
    CHECK(t.cancelled());
    CHECK(t.cancelling() == 0);
  }
  {
    const sigint_watch watch;
    REQUIRE(watch.owns());
    std::atomic<int> started{0};
    auto t = rt.spawn(swallow(1, started));
    std::thread user([&] {
      while (started < 1) std::this_thread::yield();
      press_ctrl_c();
    });
    CHECK(watch.wait(block_of(t)) == verdict::ended);  // it took the request and gave a value
    user.join();
    CHECK(t.result() == 1);
  }
}

TEST_CASE("the second signal ends the wait; main goes on without anybody") {
  const signal_action standard(SIGINT, SIG_DFL);
  charkha::runtime rt{{.workers = 2}};
  const sigint_watch watch;
  REQUIRE(watch.owns());
  std::atomic<int> started{0};
  auto t = rt.spawn(swallow(3, started));
  std::thread user([&] {
    while (started < 1) std::this_thread::yield();
    press_ctrl_c();
    while (started < 2) std::this_thread::yield();
    press_ctrl_c();
  });
  CHECK(watch.wait(block_of(t)) == verdict::abandoned);
  user.join();
  CHECK_FALSE(t.done());
  t.cancel();
  while (started < 3) std::this_thread::yield();
  t.cancel();
  CHECK(t.get() == 3);
}

TEST_CASE("a signal that finds main done: lost for an error or a cancellation, an interruption instead of a value") {
  const signal_action standard(SIGINT, SIG_DFL);
  charkha::runtime rt{{.workers = 1}};
  const sigint_watch watch;
  REQUIRE(watch.owns());
  auto good = rt.spawn(give(1));
  auto bad = rt.spawn(fail());
  auto cancelled = rt.spawn(sleep_long());
  cancelled.cancel();
  wait_until_done(good);
  wait_until_done(bad);
  wait_until_done(cancelled);
  std::raise(SIGINT);
  CHECK(watch.wait(block_of(good)) == verdict::interrupted);
  CHECK(watch.wait(block_of(bad)) == verdict::ended);
  CHECK(watch.wait(block_of(cancelled)) == verdict::ended);
  CHECK_THROWS_AS(static_cast<void>(bad.result()), std::runtime_error);
}

TEST_CASE("a main that somebody else cancels, too, is cancelled and not interrupted") {
  const signal_action standard(SIGINT, SIG_DFL);
  charkha::runtime rt{{.workers = 1}};
  const sigint_watch watch;
  REQUIRE(watch.owns());
  auto t = rt.spawn(sleep_long());
  t.cancel();
  std::raise(SIGINT);
  CHECK(watch.wait(block_of(t)) == verdict::ended);
  CHECK(t.cancelled());
}
