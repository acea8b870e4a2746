// SPDX-License-Identifier: Apache-2.0
// SIZE messages from 4 producers through one bounded queue of 1,024 places to 4 consumers; with the variant "one" to
// one. A push or pop that waits blocks its thread, so each of them is a thread whatever WORKERS says.
#include <tbb/concurrent_queue.h>

#include <atomic>
#include <thread>

#include "../support/program.hpp"

int main(int argc, char** argv) {
  constexpr std::uint64_t producers = 4;
  const auto args = compare::parse(argc, argv);
  if (args.workers == 1) compare::cannot();
  const std::uint64_t consumers = args.variant == "one" ? 1 : 4;
  const std::uint64_t each = args.size / producers, all = each * producers;
  tbb::concurrent_bounded_queue<std::uint64_t> queue;
  queue.set_capacity(1024);
  std::atomic<std::uint64_t> sum{0};
  const compare::stopwatch watch;
  std::vector<std::thread> threads;
  for (std::uint64_t first = 0; first < all; first += each) {
    threads.emplace_back([&, first] {
      for (std::uint64_t i = 0; i < each; ++i) queue.push(first + i);
    });
  }
  for (std::uint64_t consumer = 0; consumer < consumers; ++consumer) {
    threads.emplace_back([&] {
      std::uint64_t mine = 0, message = 0;
      for (std::uint64_t i = 0; i < all / consumers; ++i) {
        queue.pop(message);
        mine += message;
      }
      sum += mine;
    });
  }
  for (auto& thread : threads) thread.join();
  compare::report(all, watch.seconds());
  compare::require(sum == all * (all - 1) / 2, "sum");
}
