// SPDX-License-Identifier: Apache-2.0
// The options of a task.
#include "charkha/task_options.hpp"

#include <doctest/doctest.h>

#include <type_traits>

TEST_CASE("options are an aggregate that is cheap to pass: g++ 12 destroys others twice in a co_await") {
  static_assert(std::is_aggregate_v<charkha::task_options>);
  static_assert(std::is_trivially_destructible_v<charkha::task_options>);
  CHECK(charkha::task_options{}.name.empty());
  CHECK(charkha::task_options{.name = "n"}.name == "n");
}
