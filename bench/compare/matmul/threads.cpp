// SPDX-License-Identifier: Apache-2.0
// The product of two SIZE x SIZE matrices of ones: each of WORKERS threads takes an equal share of the rows.
#include <thread>

#include "../support/program.hpp"
#include "matmul.hpp"

int main(int argc, char** argv) {
  const auto args = compare::parse(argc, argv);
  constexpr std::size_t block = compare::matmul_block;
  const std::size_t size = args.size;
  std::vector<int> a(size * size, 1), b(size * size, 1), c(size * size, 0);
  const compare::stopwatch watch;
  std::vector<std::thread> threads;
  for (std::size_t mine = 0; mine < args.workers; ++mine) {
    threads.emplace_back([&, mine] {
      const auto blocks = size / block;
      for (auto i = blocks * mine / args.workers * block; i < blocks * (mine + 1) / args.workers * block; i += block) {
        for (std::size_t k = 0; k < size; k += block) {
          for (std::size_t j = 0; j < size; j += block) {
            compare::multiply_block(&a[i * size + k], &b[k * size + j], &c[i * size + j], block, size);
          }
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  compare::report(1, watch.seconds());
  compare::require(std::all_of(c.begin(), c.end(), [&](int x) { return x == static_cast<int>(size); }), "product");
}
