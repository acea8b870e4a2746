// SPDX-License-Identifier: Apache-2.0
// CPython's cases for shield (test_tasks.py), written anew from what each one is about. Who waits for what is said by
// futures, since turns cannot be counted on several workers.
#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <tuple>

#include "charkha/charkha.hpp"
#include "support/every_runtime.hpp"
#include "support/outcome.hpp"
#include "support/until.hpp"

namespace {

using charkha::coro;
using charkha::create_future;
using charkha::create_task;
using charkha::current_task;
using charkha::future;
using charkha::shield;
using charkha::test::on_every_runtime;
using charkha::test::outcome_of;
using charkha::test::until_waits;
using charkha::test::without_reports_on_every_runtime;

template <class T>
coro<T> await_shielded(future<T> what) {
  co_return co_await shield(what);
}

}  // namespace

TEST_CASE("test_tasks.BaseTaskTests.shield_result: the value comes through") {
  on_every_runtime([]() -> coro<> {
    auto inner = create_future<int>();
    auto outer = create_task(await_shielded(inner));
    co_await until_waits(outer);
    inner.set_result(42);
    const int value = co_await outer;
    CHECK(value == 42);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.shield_exception: and the error") {
  without_reports_on_every_runtime([]() -> coro<> {
    auto inner = create_future<int>();
    auto outer = create_task(await_shielded(inner));
    co_await until_waits(outer);
    inner.set_exception(std::runtime_error("expected"));
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "expected");
  });
}

TEST_CASE("test_tasks.BaseTaskTests.shield_cancel_inner: cancelling what is shielded reaches who awaits the shield") {
  on_every_runtime([]() -> coro<> {
    auto inner = create_future<int>();
    auto outer = create_task(await_shielded(inner));
    co_await until_waits(outer);
    inner.cancel("inner");
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "cancelled(inner)");
    CHECK(outer.cancelled());
    CHECK(outer.cancelling() == 0);
  });
}

TEST_CASE(
    "test_tasks.BaseTaskTests.shield_cancel_outer: cancelling who awaits the shield leaves what is shielded alone") {
  without_reports_on_every_runtime([]() -> coro<> {
    auto inner = create_future<int>();
    auto outer = create_task(await_shielded(inner));
    co_await until_waits(outer);
    outer.cancel("outer");
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "cancelled(outer)");
    CHECK(outer.cancelled());
    CHECK_FALSE(inner.done());
    inner.set_result(1);
    CHECK(inner.result() == 1);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.shield_shortcut: what is done needs no wait") {
  on_every_runtime([]() -> coro<> {
    auto inner = create_future<int>();
    inner.set_result(42);
    const auto guarded = shield(inner);
    CHECK(guarded.operator co_await().await_ready());
    current_task().cancel();  // would be delivered where it suspends
    const int value = co_await guarded;
    CHECK(value == 42);
    CHECK(current_task().uncancel() == 0);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.shield_effect: who is shielded finishes its work though the awaiter is cancelled") {
  on_every_runtime([]() -> coro<> {
    auto waiter = create_future<>();
    std::atomic<int> proof{0};
    auto work = [&]() -> coro<> {
      co_await waiter;
      proof += 1;
    };
    auto inner = create_task(work());
    auto protect = [&]() -> coro<> {
      co_await shield(inner);
      proof += 100;
    };
    auto outer = create_task(protect());
    co_await until_waits(outer);
    outer.cancel();
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "cancelled()");
    waiter.set_result();
    co_await inner;
    CHECK(proof == 1);
  });
}

TEST_CASE("test_tasks.BaseTaskTests.shield_gather: a shield around a gather protects all its children") {
  on_every_runtime([]() -> coro<> {
    auto child1 = create_future<int>();
    auto child2 = create_future<int>();
    auto parent = charkha::ensure_task(charkha::gather(child1, child2));
    auto protect = [&]() -> coro<> { static_cast<void>(co_await shield(parent)); };
    auto outer = create_task(protect());
    co_await until_waits(outer);
    outer.cancel();
    const std::string outcome = co_await outcome_of(outer);
    CHECK(outcome == "cancelled()");
    CHECK_FALSE(parent.done());
    child1.set_result(1);
    child2.set_result(2);
    const std::tuple<int, int> values = co_await parent;
    CHECK(values == std::tuple(1, 2));
  });
}

TEST_CASE("test_tasks.BaseTaskTests.gather_shield: the children of a gather of shields survive it") {
  without_reports_on_every_runtime([]() -> coro<> {
    auto child1 = create_future<int>();
    auto child2 = create_future<int>();
    auto collect = [&]() -> coro<> { static_cast<void>(co_await charkha::gather(shield(child1), shield(child2))); };
    auto parent = create_task(collect());
    co_await until_waits(parent);
    parent.cancel();
    const std::string outcome = co_await outcome_of(parent);
    CHECK(outcome == "cancelled()");
    CHECK_FALSE(child1.done());
    CHECK_FALSE(child2.done());
    child1.set_result(1);
    child2.set_result(2);
  });
}
