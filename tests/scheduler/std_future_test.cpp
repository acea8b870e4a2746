// SPDX-License-Identifier: Apache-2.0
// From a task to a std::future and back.
#include "charkha/std_future.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/report_log.hpp"
#include "support/tracked.hpp"

using charkha::cancelled_error;
using charkha::coro;
using charkha::from_std_future;
using charkha::runtime;
using charkha::to_std_future;
using charkha::test::report_log;
using charkha::test::tracked;
using namespace std::chrono_literals;

namespace {

coro<int> give(int value) {
  co_await charkha::yield();
  co_return value;
}
coro<int> fail() {
  co_await charkha::yield();
  throw std::runtime_error("boom");
}
coro<> sleep_long() { co_await charkha::sleep(1h); }
template <class T>
coro<T> take(std::future<T> from) {
  co_return co_await from_std_future(std::move(from));
}

}  // namespace

TEST_CASE("a task's value, its error and its cancellation reach the std::future") {
  for (const int workers : {1, 2, 4}) {
    CAPTURE(workers);
    runtime rt{{.workers = workers}};
    CHECK(to_std_future(rt.spawn(give(4))).get() == 4);
    CHECK_THROWS_WITH(to_std_future(rt.spawn(fail())).get(), "boom");
    auto sleeper = rt.spawn(sleep_long());
    auto future = to_std_future(sleeper);
    sleeper.cancel("enough");
    std::string message;
    try {
      future.get();
    } catch (const cancelled_error& error) {
      message = error.message();
    }
    CHECK(message == "enough");
  }
}

TEST_CASE("values of every kind: none, move-only, reference; copied only while others have a handle") {
  static int target = 0;
  runtime rt{{.workers = 2}};
  auto nothing = []() -> coro<> { co_await charkha::yield(); };
  to_std_future(rt.spawn(nothing)).get();
  auto unique = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
  CHECK(*to_std_future(rt.spawn(unique)).get() == 3);
  auto reference = []() -> coro<int&> { co_return target; };
  CHECK(&to_std_future(rt.spawn(reference)).get() == &target);
  static_assert(std::is_same_v<decltype(to_std_future(rt.spawn(reference))), std::future<int&>>);
  auto kept = rt.spawn(give(6));
  CHECK(to_std_future(kept).get() == 6);
  CHECK(to_std_future(kept).get() == 6);  // done already
  CHECK(kept.get() == 6);
}

TEST_CASE("a task that is done hands its value over at once; what nobody else holds is moved") {
  tracked::reset();
  {
    charkha::simulation sim;
    auto make = []() -> coro<tracked> { co_return tracked(5); };
    auto body = [&]() -> coro<> {
      auto t = charkha::create_task(make());
      auto copy = t;
      co_await t;
      auto first = to_std_future(t);
      CHECK(first.wait_for(0s) == std::future_status::ready);
      CHECK(tracked::copies == 1);
      copy = {};
      auto second = to_std_future(std::move(t));
      CHECK(second.wait_for(0s) == std::future_status::ready);
      CHECK(tracked::copies == 1);
      const auto value = second.get();
      CHECK(value.value == 5);
    };
    sim.run(body());
  }
  CHECK(tracked::alive == 0);
}

TEST_CASE("a value that cannot be copied throws into the std::future") {
  struct fragile {
    fragile() = default;
    fragile(const fragile&) { throw std::runtime_error("no copy"); }
    fragile(fragile&&) noexcept {}
  };
  runtime rt{{.workers = 1}};
  auto make = []() -> coro<fragile> { co_return fragile(); };
  auto kept = rt.spawn(make);
  static_cast<void>(kept.get());
  CHECK_THROWS_WITH(to_std_future(kept).get(), "no copy");
}

TEST_CASE("dropping the std::future neither cancels nor waits, and an error it got counts as seen") {
  report_log log;
  runtime rt{{.workers = 2, .reports = &log}};
  auto t = rt.spawn(give(7));
  static_cast<void>(to_std_future(t));
  CHECK(t.get() == 7);
  static_cast<void>(to_std_future(rt.spawn(fail())));
  CHECK(rt.shutdown(60s).complete());
  CHECK(log.count() == 0);
}

TEST_CASE("a std::future for a task that is destroyed with its runtime: cancelled") {
  report_log log;
  std::future<void> future;
  std::future<int> queued;
  {
    std::atomic<bool> started{false};
    runtime rt{{.workers = 1, .reports = &log}};
    auto stubborn = [](std::atomic<bool>& begun) -> coro<> {
      begun = true;
      for (;;) {
        try {
          co_await charkha::sleep(1h);
        } catch (const cancelled_error&) {
        }
      }
    };
    future = to_std_future(rt.spawn(stubborn(started)));
    while (!started) std::this_thread::yield();
    CHECK_FALSE(rt.shutdown(0s).complete());
  }
  CHECK(future.wait_for(0s) == std::future_status::ready);
  CHECK_THROWS_AS(future.get(), cancelled_error);
}

TEST_CASE("an empty handle is refused") {
  CHECK_THROWS_AS(static_cast<void>(to_std_future(charkha::task<int>())), charkha::usage_error);
}

TEST_CASE("many foreign threads, each with std::futures of many tasks") {
  runtime rt{{.workers = 2}};
  std::atomic<int> sum{0};
  std::vector<std::thread> crowd;
  for (int t = 0; t < 4; ++t) {
    crowd.emplace_back([&] {
      std::vector<std::future<int>> futures;
      for (int i = 0; i < 250; ++i) futures.push_back(to_std_future(rt.spawn(give(1))));
      for (auto& each : futures) sum += each.get();
    });
  }
  for (auto& each : crowd) each.join();
  CHECK(sum == 1'000);
}

TEST_CASE("a task waits for a std::future: value, error, none, reference, ready or not") {
  static int target = 0;
  runtime rt{{.workers = 2}};
  std::promise<int> later;
  auto t = rt.spawn(take(later.get_future()));
  CHECK_FALSE(t.wait_for(0s));
  later.set_value(4);
  CHECK(t.get() == 4);
  std::promise<int> failing;
  failing.set_exception(std::make_exception_ptr(std::runtime_error("boom")));
  CHECK_THROWS_WITH(rt.spawn(take(failing.get_future())).get(), "boom");
  std::promise<void> nothing;
  nothing.set_value();
  CHECK_NOTHROW(rt.spawn(take(nothing.get_future())).get());
  std::promise<int&> reference;
  reference.set_value(target);
  CHECK(&rt.spawn(take(reference.get_future())).get() == &target);
  std::future<int> broken = std::promise<int>().get_future();
  CHECK_THROWS_AS(rt.spawn(take(std::move(broken))).get(), std::future_error);
  CHECK(rt.spawn(take(std::async(std::launch::deferred, [] { return 8; }))).get() == 8);
}

TEST_CASE("a std::future without a state is refused") {
  runtime rt{{.workers = 1}};
  CHECK_THROWS_AS(rt.spawn(take(std::future<int>())).get(), charkha::usage_error);
}

TEST_CASE("cancelling abandons the wait, and the thread with it: shutdown is not held up") {
  runtime rt{{.workers = 1}};
  std::promise<int> never;
  auto t = rt.spawn(take(never.get_future()));
  CHECK_FALSE(t.wait_for(1ms));
  t.cancel();
  CHECK_THROWS_AS(t.get(), cancelled_error);
  CHECK(rt.shutdown(1h).complete());
}

TEST_CASE("from one runtime to another by way of a std::future") {
  runtime a{{.workers = 1}}, b{{.workers = 1}};
  auto inner = to_std_future(a.spawn(give(9)));
  CHECK(b.spawn(take(std::move(inner))).get() == 9);
}

TEST_CASE("in a simulation a std::future that is ready can be awaited") {
  charkha::simulation sim;
  std::promise<int> ready;
  ready.set_value(2);
  CHECK(sim.run(take(ready.get_future())) == 2);
}
