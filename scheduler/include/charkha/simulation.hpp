// SPDX-License-Identifier: Apache-2.0
// simulation: the real scheduler on one thread under virtual time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <utility>

#include "charkha/clock.hpp"
#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/report.hpp"
#include "charkha/runtime.hpp"
#include "charkha/task.hpp"
#include "charkha/task_hooks.hpp"

namespace charkha {

namespace detail {
class simulation_driver;
}

/// What a simulation lets go wrong that a program must stand. Numbers are chances in a thousand, 0 to 999; the seed
/// decides which. All are events that happen on real machines: none makes charkha break a promise.
struct simulation_faults {
  /// A look at another worker's queue that finds nothing, as if somebody had been faster. With several workers.
  int lost_steals = 0;
  /// At a step: a parked worker wakes up for no reason. With several workers.
  int spurious_wake_ups = 0;
  /// After a step: its worker stands still while others make up to a hundred steps, as if its thread had lost its
  /// processor. With several workers.
  int slow_workers = 0;
  /// Timers come late: by up to so much virtual time each time that all workers sleep. 0 or more.
  std::chrono::nanoseconds late_timers{0};
  /// A task creates another one and there is no memory: std::bad_alloc.
  int failed_tasks = 0;
  /// A thread for to_thread cannot be started: std::system_error.
  int failed_threads = 0;
};

/// For designated initialisers: `simulation sim{{.workers = 4, .seed = 7}}`.
struct simulation_options {
  /// Simulated workers, 1 to 1024.
  int workers = 1;
  /// Decides which worker steps next and whom it steals from. The same seed gives the same run on every machine.
  std::uint64_t seed = 1;
  /// As runtime_options::reports.
  report_handler* reports = nullptr;
  /// As runtime_options::hooks.
  task_hooks* hooks = nullptr;
  /// As runtime_options::debug. No step is slow here: time stands still while one runs.
  bool debug = false;
  /// How long, in virtual time, run() lets tasks end that were asked to stop.
  std::chrono::nanoseconds shutdown_timeout = std::chrono::seconds(10);
  /// Nothing goes wrong.
  simulation_faults faults = {};
};

/// Runs the workers of a runtime on the calling thread, one step of one worker at a time, in an order that a seed
/// decides. Time is virtual: it starts at zero, stands still while anything can run, and jumps to the next timer when
/// nothing can; an hour's sleep takes no time. With one worker the order of events is asyncio's. docs/testing.md shows
/// how to test a program with it.
///
/// A function given to to_thread is called on the simulation's thread, as a step of its own between two steps of workers,
/// at a point that the seed decides; with one worker in the order of the awaits. It takes no virtual time, and must not
/// wait for anything that only another step of the simulation can bring about.
///
/// Not thread-safe: everything happens on the thread that calls run(). Tasks must not block the thread.
class simulation {
 public:
  /// Throws std::invalid_argument for options that make no sense, std::bad_alloc.
  explicit simulation(const simulation_options& options = {});
  /// Destroys and reports what is pending.
  ~simulation();
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  /// Runs `main` to its end, then asks all other tasks to stop and runs them to their end, as run() does, and gives
  /// main's value or throws its error. May be called again; time goes on.
  /// Tasks that do not stop, or create themselves anew for ever, are given up: left for the next run(), and in the end
  /// destroyed and reported, when options.shutdown_timeout of virtual time has passed, or after a hundred thousand steps and
  /// ten thousand for each task that was there (time may not pass at all).
  /// Throws usage_error when main can never go on: every task waits, for what the message says, and no timer is armed.
  template <class T>
  T run(coro<T> main, const std::source_location& site = std::source_location::current()) {
    auto first = detail::start_task(executor(), std::move(main), {}, site);
    auto& block = detail::task_access::block(first);
    run_until_complete(block);
    block.mark_retrieved();
    stop_tasks();
    return block.value.take();
  }

  /// options.debug.
  [[nodiscard]] bool debug() const noexcept;
  /// Virtual time.
  [[nodiscard]] clock::time_point now() const noexcept;
  /// Worker steps and calls of to_thread functions so far.
  [[nodiscard]] std::uint64_t steps() const noexcept;

 private:
  [[nodiscard]] detail::executor& executor() const noexcept;
  void run_until_complete(detail::task_block& task);
  void stop_tasks();

  std::unique_ptr<detail::simulation_driver> driver_;
};

}  // namespace charkha
