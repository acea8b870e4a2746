// SPDX-License-Identifier: Apache-2.0
// Counts what code under test does to memory that costs other processors something. On all threads of the program.
#pragma once

#include <cstdint>

namespace charkha::bench {

struct accesses {
  std::uint64_t read_modify_writes = 0;
  std::uint64_t ordered_stores = 0;  // sequentially consistent: on x86 as dear as the former
  std::uint64_t taken_lines = 0;     // writes, atomic or not, to a cache line that another thread wrote last

  [[nodiscard]] static accesses so_far() noexcept;

  // By the observer.
  static void read_modify_write(const volatile void* at) noexcept;
  static void ordered_store(const volatile void* at) noexcept;
  static void write(const volatile void* at) noexcept;
};

}  // namespace charkha::bench
