// SPDX-License-Identifier: Apache-2.0
// One thread outside the loop spawns SIZE coroutines and waits until all have run.
#include "../support/asio_program.hpp"

namespace {

compare::awaitable<void> count(std::atomic<std::uint64_t>& done, std::uint64_t all, std::atomic<bool>& finished) {
  if (done.fetch_add(1, std::memory_order_relaxed) + 1 == all) {
    finished.store(true);
    finished.notify_one();
  }
  co_return;
}

}  // namespace

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  compare::loop.emplace(static_cast<int>(args.workers));
  auto work = asio::make_work_guard(*compare::loop);
  std::thread runs([&] { compare::run_loop(args.workers); });
  std::atomic<std::uint64_t> done{0};
  std::atomic<bool> finished{false};
  const compare::stopwatch watch;
  for (std::uint64_t i = 0; i < args.size; ++i) {
    asio::co_spawn(*compare::loop, count(done, args.size, finished), compare::detached);
  }
  finished.wait(false);
  compare::report(args.size, watch.seconds());
  work.reset();
  runs.join();
}
