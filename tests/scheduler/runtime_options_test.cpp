// SPDX-License-Identifier: Apache-2.0
// The options of a runtime.
#include "charkha/runtime_options.hpp"

#include <doctest/doctest.h>

#include <type_traits>

TEST_CASE("options are an aggregate that is cheap to pass, with the documented defaults") {
  static_assert(std::is_aggregate_v<charkha::runtime_options>);
  static_assert(std::is_trivially_destructible_v<charkha::runtime_options>);
  const charkha::runtime_options options;
  CHECK(options.workers == 0);
  CHECK(options.name == "charkha");
  CHECK(options.shutdown_timeout == std::chrono::seconds(10));
  CHECK(options.reports == nullptr);
  CHECK(options.max_blocking_threads == 512);
  CHECK(options.blocking_idle_timeout == std::chrono::seconds(10));
  CHECK_FALSE(options.debug);
  CHECK(options.slow_step == std::chrono::milliseconds(100));
  CHECK_FALSE(options.handle_sigint);
}

TEST_CASE("designated initialisers work in their order") {
  const charkha::runtime_options options{.workers = 3,
                                         .name = "api",
                                         .shutdown_timeout = std::chrono::milliseconds(5),
                                         .reports = nullptr,
                                         .debug = true,
                                         .slow_step = std::chrono::seconds(1),
                                         .handle_sigint = true};
  CHECK(options.workers == 3);
  CHECK(options.name == "api");
  CHECK(options.shutdown_timeout == std::chrono::milliseconds(5));
  CHECK(options.debug);
  CHECK(options.slow_step == std::chrono::seconds(1));
  CHECK(options.handle_sigint);
}
