// SPDX-License-Identifier: Apache-2.0
// The model checker as observer of the code under test: each access is a step of the execution that is going on.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "execution.hpp"

namespace charkha::observer {

using model::execution;

inline std::memory_order order_of(int number) { return static_cast<std::memory_order>(number); }

template <class T>
T modify(volatile T* at, T operand, int order, execution::modify how, const void* code) {
  auto* const plain = const_cast<T*>(at);
  if (auto* const run = execution::current()) {
    return static_cast<T>(run->read_modify_write(plain, sizeof(T), how, operand, order_of(order), code));
  }
  const T before = *plain;
  *plain = static_cast<T>(how(before, operand));
  return before;
}

template <class T>
T load(const volatile T* at, int order, const void* code) {
  auto* const plain = const_cast<const T*>(at);
  auto* const run = execution::current();
  return run == nullptr ? *plain : static_cast<T>(run->load(plain, sizeof(T), order_of(order), code));
}

template <class T>
void store(volatile T* at, T value, int order, const void* code) {
  auto* const plain = const_cast<T*>(at);
  if (auto* const run = execution::current()) {
    run->store(plain, sizeof(T), value, order_of(order), code);
  } else {
    *plain = value;
  }
}

template <class T>
bool compare_exchange(volatile T* at, T& expected, T desired, int success, int failure, bool weak, const void* code) {
  auto* const plain = const_cast<T*>(at);
  if (auto* const run = execution::current()) {
    std::uint64_t met = expected;
    const bool done =
        run->compare_exchange(plain, sizeof(T), met, desired, order_of(success), order_of(failure), weak, code);
    if (!done) expected = static_cast<T>(met);
    return done;
  }
  if (*plain == expected) {
    *plain = desired;
    return true;
  }
  expected = *plain;
  return false;
}

inline void plain_read(const void* at, std::size_t size, const void* code) {
  if (auto* const run = execution::current()) run->read(at, size, code);
}
inline void plain_write(const void* at, std::size_t size, const void* code) {
  if (auto* const run = execution::current()) run->write(at, size, code);
}

}  // namespace charkha::observer
