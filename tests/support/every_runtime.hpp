// SPDX-License-Identifier: Apache-2.0
// Runs one small program everywhere it must behave the same: simulated with 1, 2, 4 and 8 workers and several seeds each,
// and on as many real threads.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>

#include "charkha/charkha.hpp"
#include "support/report_log.hpp"
#include "support/seeds.hpp"

namespace charkha::test {

/// The worker counts that every promise is tested with.
inline constexpr int worker_counts[] = {1, 2, 4, 8};

/// Under virtual time. `program` is a callable without arguments that gives a coro; it is called anew for each run.
template <class Program>
void in_every_simulation(Program&& program, std::uint64_t seed_count = 20) {
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    for (const auto seed : seeds(seed_count)) {
      CAPTURE(seed);
      simulation({.workers = workers, .seed = seed}).run(program());
    }
  }
}

/// On threads, in real time: `program` may not sleep for long, or depend on how fast it is.
template <class Program>
void on_every_thread_count(Program&& program) {
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    run(program(), {.workers = workers});
  }
}

template <class Program>
void on_every_runtime(Program&& program, std::uint64_t seed_count = 20) {
  in_every_simulation(program, seed_count);
  on_every_thread_count(program);
}

/// The same, and nothing may be reported to the end.
template <class Program>
void without_reports_on_every_runtime(Program&& program, std::uint64_t seed_count = 20) {
  for (const int workers : worker_counts) {
    CAPTURE(workers);
    for (const auto seed : seeds(seed_count)) {
      CAPTURE(seed);
      report_log log;
      simulation({.workers = workers, .seed = seed, .reports = &log}).run(program());
      CHECK(log.count() == 0);
    }
    report_log log;
    run(program(), {.workers = workers, .reports = &log});
    CHECK(log.count() == 0);
  }
}

}  // namespace charkha::test
