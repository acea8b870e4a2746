// SPDX-License-Identifier: Apache-2.0
// CPython's cases for wait, as_completed and gather (test_tasks.py), written anew from what each one is about. Those in
// which time matters are simulated; the others, in which gates and futures say who ends when, run on threads as well.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <list>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/gate.hpp"
#include "support/outcome.hpp"
#include "support/until.hpp"

namespace {

using namespace std::chrono_literals;
using charkha::as_completed;
using charkha::coro;
using charkha::create_future;
using charkha::create_task;
using charkha::future;
using charkha::gather;
using charkha::return_exceptions;
using charkha::return_when;
using charkha::simulation;
using charkha::task;
using charkha::timeout_error;
using charkha::usage_error;
using charkha::test::gate;
using charkha::test::in_every_simulation;
using charkha::test::on_every_runtime;
using charkha::test::outcome_of;
using charkha::test::seeds;
using charkha::test::until;
using charkha::test::until_waits;
using charkha::test::without_reports_on_every_runtime;

coro<int> sleep_and_give(std::chrono::milliseconds time, int value) {
  co_await charkha::sleep(time);
  co_return value;
}
coro<int> sleep_and_fail(std::chrono::milliseconds time) {
  co_await charkha::sleep(time);
  throw std::runtime_error("failed");
}
coro<int> give_later(gate& allowed, int value) {
  co_await allowed.wait();
  co_return value;
}
coro<int> fail_at_once() {
  throw std::runtime_error("at once");
  co_return 0;
}

/// What the coros of a loop over an as_completed give, in its order; an error is -1.
template <class Completions>
coro<std::vector<int>> values_of(Completions completions) {
  std::vector<int> values;
  for (auto next : completions) {
    int value = -1;
    try {
      value = co_await std::move(next);
    } catch (const timeout_error&) {
    }
    values.push_back(value);
  }
  co_return values;
}

using tasks = std::vector<task<int>>;
using values = std::vector<int>;

template <class... Arguments>
concept can_gather = requires(Arguments&&... arguments) { gather(std::forward<Arguments>(arguments)...); };

}  // namespace

TEST_CASE("test_tasks.BaseTaskTests.wait: gives all tasks when all are done") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    tasks both{create_task(sleep_and_give(100ms, 42)), create_task(sleep_and_give(150ms, 43))};
    const auto result = co_await charkha::wait(both);
    CHECK(result.done == both);
    CHECK(result.pending.empty());
    CHECK(both[0].result() + both[1].result() == 85);
    CHECK(charkha::clock::now() - before == 150ms);
    const auto again = co_await charkha::wait(both);
    CHECK(again.done == both);
    CHECK(charkha::clock::now() - before == 150ms);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.wait_duplicate_coroutines: the same task given several times counts once") {
  on_every_runtime([]() -> coro<> {
    gate allowed;
    auto t = create_task(give_later(allowed, 1));
    const tasks thrice{t, t, t};
    charkha::call_soon([&] { allowed.open(); });
    const auto result = co_await charkha::wait(thrice);
    CHECK(result.done == tasks{t});
    CHECK(result.pending.empty());
  });
}

TEST_CASE("test_tasks.BaseTaskTests.wait_errors: no tasks at all, and an unknown mode") {
  on_every_runtime([]() -> coro<> {
    CHECK_THROWS_AS(static_cast<void>(charkha::wait(tasks())), std::invalid_argument);
    const tasks one{create_task(sleep_and_give(0ms, 1))};
    CHECK_THROWS_AS(static_cast<void>(charkha::wait(one, {.until = static_cast<return_when>(77)})),
                    std::invalid_argument);
    const auto result = co_await charkha::wait(one);
    CHECK(result.done.size() == 1);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.wait_first_completed: returns when one is done, the others stay pending") {
  on_every_runtime([]() -> coro<> {
    gate first;
    gate second;
    const tasks both{create_task(give_later(second, 1)), create_task(give_later(first, 2))};
    first.open();
    const auto result = co_await charkha::wait(both, {.until = return_when::first_completed});
    CHECK(result.done == tasks{both[1]});
    CHECK(result.pending == tasks{both[0]});
    CHECK_FALSE(both[0].done());
    second.open();
    const int value = co_await both[0];
    CHECK(value == 1);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.wait_really_done: all that are done by then are given as done") {
  auto turns = [](int count) -> coro<int> {
    for (int i = 0; i < count; ++i) co_await charkha::yield();
    co_return count;
  };
  auto program = [&]() -> coro<> {
    const tasks both{create_task(turns(1)), create_task(turns(2))};
    const auto result = co_await charkha::wait(both, {.until = return_when::first_completed});
    CHECK(result.done == both);  // the second ends while the first one's end is passed on
    CHECK(result.pending.empty());
  };
  for (const auto seed : seeds(20)) simulation({.workers = 1, .seed = seed}).run(program());
  on_every_runtime([&]() -> coro<> {
    const tasks both{create_task(turns(1)), create_task(turns(2))};
    co_await until([&] { return both[0].done() && both[1].done(); });
    const auto result = co_await charkha::wait(both, {.until = return_when::first_completed});
    CHECK(result.done == both);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.wait_first_exception: returns at the first error") {
  on_every_runtime([]() -> coro<> {
    gate never;
    gate allowed;
    const tasks three{create_task(give_later(never, 1)), create_task(fail_at_once()),
                      create_task(give_later(allowed, 2))};
    allowed.open();
    const auto result = co_await charkha::wait(three, {.until = return_when::first_exception});
    CHECK(std::ranges::count(result.done, three[1]) == 1);
    CHECK(std::ranges::count(result.pending, three[0]) == 1);
    CHECK(three[1].exception() != nullptr);
    CHECK_FALSE(three[0].done());
    three[0].cancel();
    three[2].cancel();
    co_await until([&] { return three[0].done() && three[2].done(); });
  });
}

TEST_CASE("test_tasks.BaseTaskTests.wait_first_exception_in_wait: also one that comes while it waits, not before") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    const tasks three{create_task(sleep_and_give(10s, 1)), create_task(sleep_and_fail(100ms)),
                      create_task(sleep_and_give(10ms, 2))};
    const auto result = co_await charkha::wait(three, {.until = return_when::first_exception});
    CHECK(result.done == tasks{three[1], three[2]});
    CHECK(result.pending == tasks{three[0]});
    CHECK(charkha::clock::now() - before == 100ms);
    CHECK(three[1].exception() != nullptr);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.wait_with_exception: the tasks' errors stay theirs") {
  in_every_simulation([]() -> coro<> {
    const tasks both{create_task(sleep_and_give(100ms, 1)), create_task(sleep_and_fail(150ms))};
    const auto result = co_await charkha::wait(both);
    CHECK(result.done == both);
    const auto errors = std::ranges::count_if(
        result.done, [](const auto& each) { return static_cast<bool>(each.exception() != nullptr); });
    CHECK(errors == 1);
    // An error is no failure of wait, but what nobody looked at is still reported: see exception_marking for gather.
  });
}

TEST_CASE("test_tasks.BaseTaskTests.wait_with_timeout: when the time is up gives who is done, and cancels nobody") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    const tasks both{create_task(sleep_and_give(100ms, 1)), create_task(sleep_and_give(150ms, 2))};
    const auto result = co_await charkha::wait(both, {.timeout = 110ms});
    CHECK(result.done == tasks{both[0]});
    CHECK(result.pending == tasks{both[1]});
    CHECK(charkha::clock::now() - before == 110ms);
    const int value = co_await both[1];
    CHECK(value == 2);
    CHECK(both[1].cancelling() == 0);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.wait_concurrent_complete: who ends exactly when the time is up counts as done") {
  auto program = [](bool exact) -> coro<> {
    const tasks both{create_task(sleep_and_give(100ms, 1)), create_task(sleep_and_give(150ms, 2))};
    co_await until_waits(both[0]);
    co_await until_waits(both[1]);
    const auto result = co_await charkha::wait(both, {.timeout = 100ms});
    // On several workers it may end just after wait() has looked: then it is pending, and nothing is lost.
    if (exact) CHECK(result.done == tasks{both[0]});
    CHECK(result.done.size() + result.pending.size() == 2);
    CHECK(std::ranges::count(result.pending, both[1]) == 1);
    const int a = co_await both[0];
    const int b = co_await both[1];
    CHECK(a == 1);
    CHECK(b == 2);
  };
  for (const auto seed : seeds(20)) simulation({.workers = 1, .seed = seed}).run(program(true));
  in_every_simulation([&] { return program(false); });
}

TEST_CASE("test_tasks.BaseTaskTests.wait_with_iterator_of_tasks: takes any range of tasks") {
  on_every_runtime([]() -> coro<> {
    std::list<task<int>> all;
    for (int i = 0; i < 4; ++i) all.push_back(create_task(sleep_and_give(0ms, i)));
    const auto from_list = co_await charkha::wait(all);
    CHECK(from_list.done.size() == 4);
    auto first_two = all | std::views::take(2);
    const auto from_view = co_await charkha::wait(first_two);
    CHECK(from_view.done.size() == 2);
    auto made_on_the_way =
        std::views::iota(0, 3) | std::views::transform([](int i) { return create_task(sleep_and_give(0ms, i)); });
    const auto from_generator = co_await charkha::wait(made_on_the_way);
    CHECK(from_generator.done.size() == 3);
    const std::vector<charkha::any_future> mixed{all.front(), charkha::ensure_task(charkha::sleep(0s))};
    const auto from_mixed = co_await charkha::wait(mixed);
    CHECK(from_mixed.done.size() == 2);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.as_completed: gives the values in the order of the ends, as timers bring them") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    std::vector<coro<int>> work;
    work.push_back(sleep_and_give(150ms, 3));
    work.push_back(sleep_and_give(10ms, 1));
    work.push_back(sleep_and_give(20ms, 2));
    values seen;
    std::vector<std::chrono::nanoseconds> times;
    for (auto next : as_completed(work)) {
      const int value = co_await std::move(next);
      seen.push_back(value);
      times.push_back(charkha::clock::now() - before);
    }
    CHECK(seen == values{1, 2, 3});
    CHECK(times == std::vector<std::chrono::nanoseconds>{10ms, 20ms, 150ms});
  });
}

TEST_CASE("test_tasks.BaseTaskTests.as_completed_same_tasks_in_as_out: next() gives the handles that were passed in") {
  on_every_runtime([]() -> coro<> {
    tasks given;
    for (int i = 0; i < 5; ++i) given.push_back(create_task(sleep_and_give(0ms, i)));
    auto completions = as_completed(given);
    tasks got;
    for (auto next = co_await completions.next(); next; next = co_await completions.next()) {
      CHECK(next->done());
      got.push_back(*next);
    }
    CHECK(got.size() == given.size());
    for (const auto& each : given) CHECK(std::ranges::count(got, each) == 1);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.as_completed_with_timeout: when the time is up the rest throw timeout_error") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    const tasks three{create_task(sleep_and_give(100ms, 1)), create_task(sleep_and_give(150ms, 2)),
                      create_task(sleep_and_give(1s, 3))};
    const values seen = co_await values_of(as_completed(three, 120ms));
    CHECK(seen == values{1, -1, -1});
    CHECK(charkha::clock::now() - before == 120ms);
    // The other form.
    auto completions = as_completed(three, 100ms);  // until 220 ms
    const auto first = co_await completions.next();
    CHECK(first.value() == three[0]);
    const auto second = co_await completions.next();
    CHECK(second.value() == three[1]);
    const std::string third = co_await outcome_of(completions.next());
    CHECK(third == "timed out");
    CHECK(charkha::clock::now() - before == 220ms);
    const int value = co_await three[2];
    CHECK(value == 3);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.as_completed_with_unused_timeout: a time that is not used up changes nothing") {
  in_every_simulation([]() -> coro<> {
    const auto before = charkha::clock::now();
    const tasks one{create_task(sleep_and_give(10ms, 1))};
    const values seen = co_await values_of(as_completed(one, 1s));
    CHECK(seen == values{1});
    CHECK(charkha::clock::now() - before == 10ms);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.as_completed_resume_iterator: a loop that was left can be taken up again") {
  on_every_runtime([]() -> coro<> {
    std::vector<coro<int>> work;
    for (int i = 0; i < 4; ++i) work.push_back(sleep_and_give(0ms, i));
    auto completions = as_completed(work);
    values seen;
    for (auto next : completions) {
      const int value = co_await std::move(next);
      seen.push_back(value);
      if (seen.size() == 2) break;
    }
    CHECK(seen.size() == 2);
    for (auto next : completions) {
      const int value = co_await std::move(next);
      seen.push_back(value);
    }
    std::ranges::sort(seen);
    CHECK(seen == values{0, 1, 2, 3});
    CHECK(completions.begin() == completions.end());
    const auto none = co_await completions.next();
    CHECK_FALSE(none.has_value());
  });
}

TEST_CASE("test_tasks.BaseTaskTests.as_completed_reverse_wait: whichever is awaited first gives the first to end") {
  in_every_simulation([]() -> coro<> {
    const tasks both{create_task(sleep_and_give(50ms, 1)), create_task(sleep_and_give(100ms, 2))};
    std::vector<coro<int>> nexts;
    for (auto next : as_completed(both)) nexts.push_back(std::move(next));
    CHECK(nexts.size() == 2);
    const int first = co_await std::move(nexts[1]);
    CHECK(first == 1);
    const int second = co_await std::move(nexts[0]);
    CHECK(second == 2);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.as_completed_concurrent: of two who take from one, none gets what the other has") {
  on_every_runtime([]() -> coro<> {
    std::vector<coro<int>> work;
    for (int i = 0; i < 6; ++i) work.push_back(sleep_and_give(0ms, i));
    const auto completions = as_completed(work);
    auto left = create_task(values_of(completions));
    auto right = create_task(values_of(completions));
    values all = co_await left;
    const values rest = co_await right;
    all.insert(all.end(), rest.begin(), rest.end());
    std::ranges::sort(all);
    CHECK(all == values{0, 1, 2, 3, 4, 5});
    // All at once.
    const tasks two{create_task(sleep_and_give(0ms, 7)), create_task(sleep_and_give(0ms, 8))};
    std::vector<coro<int>> nexts;
    for (auto next : as_completed(two)) nexts.push_back(std::move(next));
    values both = co_await gather(std::move(nexts));
    std::ranges::sort(both);
    CHECK(both == values{7, 8});
  });
}

TEST_CASE(
    "test_tasks.BaseTaskTests.as_completed_duplicate_coroutines: what is given several times is given back once") {
  on_every_runtime([]() -> coro<> {
    std::atomic<int> runs{0};
    auto count = [&]() -> coro<int> {
      ++runs;
      co_await charkha::yield();
      co_return 5;
    };
    auto t = create_task(count());
    auto other = create_task(sleep_and_give(0ms, 6));
    const tasks several{t, t, other, t};
    values seen = co_await values_of(as_completed(several));
    std::ranges::sort(seen);
    CHECK(seen == values{5, 6});
    CHECK(runs == 1);
  });
}

TEST_CASE("test_tasks.GatherTestsBase.success: the values in the order of the arguments, whoever ends first") {
  on_every_runtime([]() -> coro<> {
    auto a = create_future<int>();
    auto b = create_future<int>();
    auto c = create_future<int>();
    auto all = gather(a, b, c);
    b.set_result(1);
    a.set_result(2);
    CHECK_FALSE(all.done());
    c.set_result(3);
    const std::tuple<int, int, int> given = co_await all;
    CHECK(given == std::tuple(2, 1, 3));
  });
}

TEST_CASE("test_tasks.GatherTestsBase.result_exception_success: with return_exceptions, if there are none") {
  on_every_runtime([]() -> coro<> {
    auto a = create_future<int>();
    auto b = create_future<std::string>();
    auto all = gather(return_exceptions, a, b);
    b.set_result("b");
    a.set_result(1);
    const auto results = co_await all;
    CHECK(std::get<0>(results).value() == 1);
    CHECK(std::get<1>(results).value() == "b");
  });
}

TEST_CASE("test_tasks.GatherTestsBase.one_exception: one error ends the gather at once, the others go on") {
  without_reports_on_every_runtime([]() -> coro<> {
    std::vector<future<int>> children;
    for (int i = 0; i < 5; ++i) children.push_back(create_future<int>());
    auto copy = children;
    auto collect = [&]() -> coro<> { static_cast<void>(co_await gather(std::move(copy))); };
    auto outer = create_task(collect());
    co_await until_waits(outer);
    children[0].set_result(1);
    children[1].set_exception(std::runtime_error("the first"));
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "the first");
    CHECK_FALSE(children[2].done());
    // What comes now is nobody's business, and nobody is told.
    children[2].set_result(2);
    children[3].cancel();
    children[4].set_exception(std::runtime_error("the second"));
    CHECK(children[2].result() == 2);
  });
}

TEST_CASE("test_tasks.GatherTestsBase.return_exceptions: errors are values") {
  without_reports_on_every_runtime([]() -> coro<> {
    std::vector<future<int>> children;
    for (int i = 0; i < 4; ++i) children.push_back(create_future<int>());
    auto all = gather(return_exceptions, children);
    children[3].set_exception(std::runtime_error("three"));
    children[0].set_result(3);
    children[1].set_exception(std::logic_error("one"));
    CHECK_FALSE(all.done());
    children[2].set_result(1);
    const auto results = co_await all;
    CHECK(results[0].value() == 3);
    CHECK_THROWS_WITH_AS(static_cast<void>(results[1].value()), "one", std::logic_error);
    CHECK(results[2].value() == 1);
    CHECK_THROWS_WITH_AS(static_cast<void>(results[3].value()), "three", std::runtime_error);
    CHECK_FALSE(results[3].cancelled());
  });
}

TEST_CASE("test_tasks.FutureGatherTests.constructor_empty_sequence_use_running_loop: gathering nothing gives nothing") {
  on_every_runtime([]() -> coro<> {
    auto nothing = gather();
    CHECK(nothing.done());
    static_assert(std::is_same_v<decltype(nothing.operator co_await().await_resume()), std::tuple<>>);
    static_cast<void>(co_await nothing);
    auto none = gather(std::vector<coro<int>>());
    CHECK(none.done());
    const values given = co_await none;
    CHECK(given.empty());
  });
}

TEST_CASE("test_tasks.FutureGatherTests.constructor_heterogenous_futures: what belongs to two runtimes is refused") {
  charkha::runtime other{{.workers = 1}};
  const auto foreign = other.create_future<int>();
  on_every_runtime([&]() -> coro<> {
    const auto own = create_future<int>();
    CHECK_THROWS_AS(static_cast<void>(gather(own, foreign)), usage_error);
    const std::vector<future<int>> both{own, foreign};
    CHECK_THROWS_AS(static_cast<void>(gather(both)), usage_error);
    CHECK_FALSE(own.done());
    co_return;
  });
  CHECK_FALSE(foreign.done());
}

TEST_CASE("test_tasks.FutureGatherTests.one_cancellation: a cancelled child ends the gather, its siblings go on") {
  without_reports_on_every_runtime([]() -> coro<> {
    std::vector<future<int>> children;
    for (int i = 0; i < 5; ++i) children.push_back(create_future<int>());
    auto all = gather(children);
    children[0].set_result(1);
    children[1].cancel("child");
    const auto collect = [&]() -> coro<> { static_cast<void>(co_await all); };
    const std::string outcome = co_await outcome_of(collect());
    CHECK(outcome == "cancelled(child)");
    CHECK(charkha::test::requests_here() == 0);
    CHECK_FALSE(children[2].done());
    children[2].set_result(2);
    children[3].cancel();
    children[4].set_exception(std::runtime_error("nobody is told"));
  });
}

TEST_CASE("test_tasks.FutureGatherTests.result_exception_one_cancellation: with return_exceptions that is a value") {
  without_reports_on_every_runtime([]() -> coro<> {
    std::vector<future<int>> children;
    for (int i = 0; i < 6; ++i) children.push_back(create_future<int>());
    auto all = gather(return_exceptions, children);
    children[0].set_result(1);
    children[1].set_exception(std::runtime_error("one"));
    children[2].cancel("two");
    children[3].set_result(3);
    children[4].cancel();
    CHECK_FALSE(all.done());
    children[5].set_exception(std::runtime_error("five"));
    const auto results = co_await all;
    CHECK(results[0].value() == 1);
    CHECK(charkha::test::describe(results[1].error()) == "one");
    CHECK(results[2].cancelled());
    CHECK(charkha::test::describe(results[2].error()) == "cancelled(two)");
    CHECK(results[3].value() == 3);
    CHECK(results[4].cancelled());
    CHECK_FALSE(results[5].cancelled());
    CHECK(charkha::test::describe(results[5].error()) == "five");
  });
}

TEST_CASE("test_tasks.CoroutineGatherTests.duplicate_coroutines: the same task several times: run once, given thrice") {
  on_every_runtime([]() -> coro<> {
    std::atomic<int> runs{0};
    auto count = [&]() -> coro<int> {
      ++runs;
      co_await charkha::yield();
      co_return 5;
    };
    auto t = create_task(count());
    const auto given = co_await gather(t, t, sleep_and_give(0ms, 6), t);
    CHECK(given == std::tuple(5, 5, 6, 5));
    CHECK(runs == 1);
  });
}

TEST_CASE(
    "test_tasks.CoroutineGatherTests.cancellation_broadcast: cancelling the gathering task cancels all children") {
  on_every_runtime([]() -> coro<> {
    gate never;
    std::atomic<int> got_to_the_end{0};
    auto wait = [&]() -> coro<> {
      co_await never.wait();
      ++got_to_the_end;
    };
    auto child1 = create_task(wait());
    auto child2 = create_task(wait());
    auto collect = [&]() -> coro<> {
      static_cast<void>(co_await gather(child1, child2));
      ++got_to_the_end;
    };
    auto outer = create_task(collect());
    co_await until_waits(child1);
    co_await until_waits(child2);
    co_await until_waits(outer);
    CHECK(outer.cancel("broadcast"));
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "cancelled(broadcast)");
    CHECK(outer.cancelled());
    co_await until([&] { return child1.done() && child2.done(); });  // the first of them has ended the gather
    CHECK(child1.cancelled());
    CHECK(child2.cancelled());
    CHECK(got_to_the_end == 0);
  });
}

TEST_CASE("test_tasks.CoroutineGatherTests.exception_marking: errors that come later are not reported as lost") {
  without_reports_on_every_runtime([]() -> coro<> {
    gate first;
    gate second;
    std::atomic<int> ended{0};
    auto fail_after = [&](gate& allowed, std::string text) -> coro<> {
      co_await allowed.wait();
      ++ended;
      throw std::runtime_error(text);
    };
    auto collect = [&]() -> coro<> {
      static_cast<void>(co_await gather(fail_after(first, "first"), fail_after(second, "second")));
    };
    auto outer = create_task(collect());
    co_await until_waits(outer);
    first.open();
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "first");
    second.open();
    co_await until([&] { return ended == 2; });
    co_await charkha::yield();
  });
}

TEST_CASE(
    "test_tasks.CoroutineGatherTests.issue46672: neither a child that fails at once nor a wrong argument harms it") {
  static_assert(can_gather<coro<int>, coro<int>>);
  static_assert(!can_gather<coro<int>, int>);  // no awaitable: does not compile, so nothing is left half begun
  without_reports_on_every_runtime([]() -> coro<> {
    gate allowed;
    auto sibling = create_task(give_later(allowed, 2));
    auto failed = create_task(fail_at_once(), {.eager_start = true});
    CHECK(failed.done());
    const auto collect = [&]() -> coro<> { static_cast<void>(co_await gather(failed, sibling, fail_at_once())); };
    const std::string outcome = co_await outcome_of(collect());
    CHECK(outcome == "at once");
    CHECK_FALSE(sibling.done());
    allowed.open();
    const int value = co_await sibling;
    CHECK(value == 2);
  });
}
