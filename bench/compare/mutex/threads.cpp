// SPDX-License-Identifier: Apache-2.0
// 1,000 threads that take one std::mutex SIZE / 1,000 times each and count; with the variant "yield" they yield inside.
#include <mutex>
#include <thread>

#include "../support/program.hpp"

int main(int argc, char** argv) {
  constexpr std::uint64_t threads = 1000;
  const auto args = compare::parse(argc, argv);
  std::mutex mutex;
  std::uint64_t counter = 0;
  const compare::stopwatch watch;
  std::vector<std::thread> all;
  for (std::uint64_t each = 0; each < threads; ++each) {
    all.emplace_back([&] {
      for (std::uint64_t i = 0; i < args.size / threads; ++i) {
        const std::lock_guard guard(mutex);
        if (args.variant == "yield") std::this_thread::yield();
        ++counter;
      }
    });
  }
  for (auto& thread : all) thread.join();
  compare::report(args.size / threads * threads, watch.seconds());
  compare::require(counter == args.size / threads * threads, "count");
}
