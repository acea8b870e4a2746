// SPDX-License-Identifier: Apache-2.0
// The atomics that a lock-free structure is given, by its Atomics parameter, to be checked. Outside an execution they are
// ordinary memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "execution.hpp"

namespace charkha::model {

// All of it is inlined, so that a trace shows where the structure makes the access.
template <class T>
class atomic {
  static_assert(std::is_scalar_v<T> && sizeof(T) <= 8);

 public:
  atomic() noexcept : value_() {}
  atomic(T value) noexcept : value_(value) {}  // NOLINT(google-explicit-constructor): as std::atomic
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  [[nodiscard, gnu::always_inline]] T load(std::memory_order order) const noexcept {
    auto* const run = execution::current();
    if (run == nullptr) return outside();
    return from_bits(run->load(&value_, sizeof(T), order));
  }
  [[gnu::always_inline]] void store(T value, std::memory_order order) noexcept {
    if (auto* const run = execution::current()) {
      run->store(&value_, sizeof(T), bits(value), order);
    } else {
      outside() = value;
    }
  }
  [[gnu::always_inline]] T exchange(T value, std::memory_order order) noexcept {
    return modify([](std::uint64_t, std::uint64_t by) { return by; }, bits(value), order);
  }
  [[gnu::always_inline]] bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                                                      std::memory_order failure) noexcept {
    return compare_exchange(expected, desired, success, failure, false);
  }
  [[gnu::always_inline]] bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                                                    std::memory_order failure) noexcept {
    return compare_exchange(expected, desired, success, failure, true);
  }
  [[gnu::always_inline]] T fetch_add(T by, std::memory_order order) noexcept {
    return modify([](std::uint64_t value, std::uint64_t more) { return value + more; }, bits(by), order);
  }
  [[gnu::always_inline]] T fetch_sub(T by, std::memory_order order) noexcept {
    return modify([](std::uint64_t value, std::uint64_t less) { return value - less; }, bits(by), order);
  }
  [[gnu::always_inline]] T fetch_and(T by, std::memory_order order) noexcept {
    return modify([](std::uint64_t value, std::uint64_t mask) { return value & mask; }, bits(by), order);
  }
  [[gnu::always_inline]] T fetch_or(T by, std::memory_order order) noexcept {
    return modify([](std::uint64_t value, std::uint64_t mask) { return value | mask; }, bits(by), order);
  }

 private:
  // Volatile: an access that is not to happen inside an execution must not be moved to where it might.
  [[gnu::always_inline]] volatile T& outside() const noexcept { return const_cast<volatile T&>(value_); }

  [[gnu::always_inline]] static std::uint64_t bits(T value) noexcept {
    std::uint64_t out = 0;
    std::memcpy(&out, &value, sizeof value);
    return out;
  }
  [[gnu::always_inline]] static T from_bits(std::uint64_t raw) noexcept {
    T out;
    std::memcpy(&out, &raw, sizeof out);
    return out;
  }
  [[gnu::always_inline]] T modify(execution::modify how, std::uint64_t by, std::memory_order order) noexcept {
    if (auto* const run = execution::current()) {
      return from_bits(run->read_modify_write(&value_, sizeof(T), how, by, order));
    }
    const T before = outside();
    outside() = from_bits(how(bits(before), by));
    return before;
  }
  [[gnu::always_inline]] bool compare_exchange(T& expected, T desired, std::memory_order success,
                                               std::memory_order failure, bool weak) noexcept {
    if (auto* const run = execution::current()) {
      std::uint64_t raw = bits(expected);
      const bool done = run->compare_exchange(&value_, sizeof(T), raw, bits(desired), success, failure, weak);
      if (!done) expected = from_bits(raw);
      return done;
    }
    const T met = outside();
    if (bits(met) != bits(expected)) {
      expected = met;
      return false;
    }
    outside() = desired;
    return true;
  }

  T value_;
};

/// The traits.
struct atomics {
  template <class T>
  using atomic = model::atomic<T>;
};

}  // namespace charkha::model
