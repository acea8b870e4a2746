// SPDX-License-Identifier: Apache-2.0
// SIZE threads that sleep between 1 and 100 ms, all started at once: how late each wakes. What the kernel gives.
#include <thread>

#include "../support/program.hpp"

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  compare::random random;
  std::vector<double> late(args.size);
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < args.size; ++i) {
    threads.emplace_back([&late, i, time = std::chrono::microseconds(1000 + random.below(99'001))] {
      const auto begin = std::chrono::steady_clock::now();
      std::this_thread::sleep_for(time);
      late[i] = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin - time).count();
    });
  }
  for (auto& thread : threads) thread.join();
  compare::report_times(std::move(late));
}
