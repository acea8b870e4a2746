// SPDX-License-Identifier: Apache-2.0
// 1,000 threads that take one of ten permits SIZE / 1,000 times each; with the variant "yield" they yield inside.
#include <semaphore>
#include <thread>

#include "../support/program.hpp"

int main(int argc, char** argv) {
  constexpr std::uint64_t threads = 1000;
  const auto args = compare::parse(argc, argv);
  std::counting_semaphore<10> permits(10);
  const compare::stopwatch watch;
  std::vector<std::thread> all;
  for (std::uint64_t each = 0; each < threads; ++each) {
    all.emplace_back([&] {
      for (std::uint64_t i = 0; i < args.size / threads; ++i) {
        permits.acquire();
        if (args.variant == "yield") std::this_thread::yield();
        permits.release();
      }
    });
  }
  for (auto& thread : all) thread.join();
  compare::report(args.size / threads * threads, watch.seconds());
}
