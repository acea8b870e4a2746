// SPDX-License-Identifier: Apache-2.0
// Counts as observer of the code under test, which runs on real threads: each access is counted and made.
#pragma once

#include <cstddef>
#include <cstdint>

#include "accesses.hpp"

namespace charkha::observer {

using bench::accesses;

template <class T>
T modify(volatile T* at, T operand, int /*order*/, std::uint64_t (*how)(std::uint64_t, std::uint64_t),
         const void* /*code*/) {
  accesses::read_modify_write(at);
  T before = __atomic_load_n(at, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(at, &before, static_cast<T>(how(before, operand)), true, __ATOMIC_SEQ_CST,
                                      __ATOMIC_RELAXED)) {
  }
  return before;
}

template <class T>
T load(const volatile T* at, int /*order*/, const void* /*code*/) {
  return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

template <class T>
void store(volatile T* at, T value, int order, const void* /*code*/) {
  if (order == __ATOMIC_SEQ_CST) {
    accesses::ordered_store(at);
    __atomic_store_n(at, value, __ATOMIC_SEQ_CST);
  } else {
    accesses::write(at);
    __atomic_store_n(at, value, __ATOMIC_RELEASE);
  }
}

template <class T>
bool compare_exchange(volatile T* at, T& expected, T desired, int /*success*/, int /*failure*/, bool weak,
                      const void* /*code*/) {
  accesses::read_modify_write(at);
  return __atomic_compare_exchange_n(at, &expected, desired, weak, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

inline void plain_read(const void* /*at*/, std::size_t /*size*/, const void* /*code*/) {}
inline void plain_write(const void* at, std::size_t /*size*/, const void* /*code*/) { accesses::write(at); }

}  // namespace charkha::observer
