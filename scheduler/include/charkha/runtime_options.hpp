// SPDX-License-Identifier: Apache-2.0
// runtime_options: how a runtime is set up.
#pragma once

#include <chrono>
#include <string_view>

#include "charkha/report.hpp"
#include "charkha/task_hooks.hpp"

namespace charkha {

/// For designated initialisers: `runtime rt{{.workers = 8, .name = "api"}}`.
struct runtime_options {
  /// Worker threads, 1 to 1024. 0: as many as the environment variable CHARKHA_WORKERS says; if that is not set, as
  /// many processors as the process may use: the lesser of its CPU affinity and its cgroups' CPU quota.
  int workers = 0;
  /// The threads are named after it, cut to what the system allows.
  std::string_view name = "charkha";
  /// How long the destructor, and run(), let tasks end that were asked to stop.
  std::chrono::nanoseconds shutdown_timeout = std::chrono::seconds(10);
  /// Told about what would otherwise be lost. Must outlive the runtime. Null: one line on stderr each.
  report_handler* reports = nullptr;
  /// Told of every task. Must outlive the runtime. Null: nobody is.
  task_hooks* hooks = nullptr;
  /// Threads for to_thread at most, 1 or more; they are started when the others are blocked. What comes beyond waits.
  int max_blocking_threads = 512;
  /// How long such a thread stays when there is nothing for it to do. 0 or more.
  std::chrono::nanoseconds blocking_idle_timeout = std::chrono::seconds(10);
  /// Reports mistakes that cost something to find: steps longer than `slow_step`, coroutines that nobody ever awaited.
  /// As `loop.set_debug`.
  bool debug = false;
  /// In debug mode: how long a task may keep its worker before that is reported. Without it the clock is not read.
  std::chrono::nanoseconds slow_step = std::chrono::milliseconds(100);
  /// For run() and runner, while they wait for main: SIGINT cancels main, see runner. Nothing else looks at this; without
  /// it no signal is touched.
  bool handle_sigint = false;
};

}  // namespace charkha
