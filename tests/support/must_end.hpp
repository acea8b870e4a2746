// SPDX-License-Identifier: Apache-2.0
// A watchdog: a task that does not end is a failure that says who waits for what, not a test that hangs.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "charkha/runtime.hpp"
#include "charkha/task.hpp"

namespace charkha::test {

/// Blocks until the task has ended. After `limit` it names all tasks of its runtime and ends the program.
template <class T>
void must_end(const runtime& of, const task<T>& awaited, std::chrono::seconds limit = std::chrono::seconds(120)) {
  if (awaited.wait_for(limit)) return;
  static_cast<void>(std::fprintf(stderr, "%s has not ended; these are left:\n", awaited.name().c_str()));
  for (const auto& each : of.all_tasks()) {
    static_cast<void>(std::fprintf(stderr, "  %s: %s\n", each.name().c_str(), each.waiting_for().c_str()));
  }
  std::abort();
}

}  // namespace charkha::test
