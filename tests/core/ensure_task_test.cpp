// SPDX-License-Identifier: Apache-2.0
// Anything that can be awaited becomes a handle.
#include "charkha/ensure_task.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "charkha/any_task.hpp"
#include "charkha/future.hpp"
#include "charkha/gather.hpp"
#include "charkha/shield.hpp"
#include "charkha/usage_error.hpp"
#include "support/crank.hpp"
#include "support/gate.hpp"

using charkha::coro;
using charkha::ensure_task;
using charkha::future;
using charkha::task;
using charkha::test::crank;
using charkha::test::gate;

namespace {

coro<int> give(int value) { co_return value; }

}  // namespace

TEST_CASE("handles are given back as they are") {
  crank wheel;
  const crank::on_worker here(wheel);
  auto t = wheel.start(give(1));
  auto f = charkha::create_future<int>();
  const charkha::any_task any = t;
  CHECK(ensure_task(t) == t);
  CHECK(ensure_task(f) == f);
  CHECK(ensure_task(any) == any);
  static_assert(std::is_same_v<decltype(ensure_task(t)), task<int>>);
  static_assert(std::is_same_v<decltype(ensure_task(f)), future<int>>);
  static_assert(std::is_same_v<decltype(ensure_task(any)), charkha::any_task>);
  CHECK(wheel.run() == 1);
}

TEST_CASE("a coro becomes a task that has not run, created where ensure_task was called") {
  crank wheel;
  const crank::on_worker here(wheel);
  auto t = ensure_task(give(3));
  const auto line = __LINE__ - 1;
  CHECK_FALSE(t.done());
  CHECK(t.site().line() == line);
  CHECK(std::string_view(t.site().file_name()).ends_with("ensure_task_test.cpp"));
  wheel.run();
  CHECK(t.result() == 3);
}

TEST_CASE("a gather, a shield and a plain awaiter become tasks with their values") {
  crank wheel;
  const crank::on_worker here(wheel);
  auto all = ensure_task(charkha::gather(give(1), give(2)));
  auto shielded = ensure_task(charkha::shield(give(4)));
  wheel.run();
  CHECK(all.result() == std::tuple(1, 2));
  CHECK(shielded.result() == 4);
  static_assert(std::is_same_v<decltype(shielded), task<int>>);
}

TEST_CASE("move-only values pass through; an empty coro and a call outside a runtime are usage_errors") {
  crank wheel;
  auto box = []() -> coro<std::unique_ptr<int>> { co_return std::make_unique<int>(6); };
  CHECK_THROWS_AS(static_cast<void>(ensure_task(give(1))), charkha::usage_error);
  const crank::on_worker here(wheel);
  auto t = ensure_task(box());
  wheel.run();
  CHECK(*t.result() == 6);
  auto body = give(1);
  const auto taken = std::move(body);
  CHECK_THROWS_AS(static_cast<void>(ensure_task(std::move(body))),  // NOLINT(bugprone-use-after-move)
                  charkha::usage_error);
}
