// SPDX-License-Identifier: Apache-2.0
// Two threads that wait for each other SIZE times, by a binary semaphore each.
#include <semaphore>
#include <thread>

#include "../support/program.hpp"

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  if (!args.variant.empty() && args.variant != "event") compare::cannot();
  std::binary_semaphore here(0), there(0);
  const compare::stopwatch watch;
  std::thread other([&] {
    for (std::uint64_t i = 0; i < args.size; ++i) {
      there.acquire();
      here.release();
    }
  });
  for (std::uint64_t i = 0; i < args.size; ++i) {
    there.release();
    here.acquire();
  }
  other.join();
  compare::report(args.size, watch.seconds());
}
