// SPDX-License-Identifier: Apache-2.0
// One thread outside the arena enqueues SIZE functions and waits until all have run.
#include <atomic>

#include "../support/onetbb_program.hpp"

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  const compare::onetbb_threads threads(args.workers + 1);  // the calling thread counts, and does not work
  tbb::task_arena arena(static_cast<int>(args.workers), 0);
  std::atomic<std::uint64_t> done{0};
  std::atomic<bool> finished{false};
  const compare::stopwatch watch;
  for (std::uint64_t i = 0; i < args.size; ++i) {
    arena.enqueue([&] {
      if (done.fetch_add(1, std::memory_order_relaxed) + 1 < args.size) return;
      finished.store(true);
      finished.notify_one();
    });
  }
  finished.wait(false);
  compare::report(args.size, watch.seconds());
}
