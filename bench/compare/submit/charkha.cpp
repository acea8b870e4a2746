// SPDX-License-Identifier: Apache-2.0
// One thread outside the runtime spawns SIZE tasks and waits until all have run.
#include <atomic>
#include <charkha/charkha.hpp>

#include "../support/program.hpp"

namespace {

charkha::coro<> count(std::atomic<std::uint64_t>& done, std::uint64_t all, std::atomic<bool>& finished) {
  if (done.fetch_add(1, std::memory_order_relaxed) + 1 == all) {
    finished.store(true);
    finished.notify_one();
  }
  co_return;
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  charkha::runtime runtime({.workers = static_cast<int>(args.workers)});
  std::atomic<std::uint64_t> done{0};
  std::atomic<bool> finished{false};
  const compare::stopwatch watch;
  for (std::uint64_t i = 0; i < args.size; ++i) static_cast<void>(runtime.spawn(count(done, args.size, finished)));
  finished.wait(false);
  compare::report(args.size, watch.seconds());
}
