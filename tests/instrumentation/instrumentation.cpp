// SPDX-License-Identifier: Apache-2.0
// What the compiler calls in code that is compiled with -fsanitize=thread. ThreadSanitizer's own runtime is not linked:
// an observer takes its place, and so sees each plain access of the code under test and each access to a std::atomic in
// it, with its memory order. Who that is, is decided by whose observer.hpp is on the path: the model checker's, or one
// that counts.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "observer.hpp"

namespace {

std::uint64_t put(std::uint64_t /*value*/, std::uint64_t by) { return by; }
std::uint64_t add(std::uint64_t value, std::uint64_t by) { return value + by; }
std::uint64_t subtract(std::uint64_t value, std::uint64_t by) { return value - by; }
std::uint64_t keep(std::uint64_t value, std::uint64_t by) { return value & by; }
std::uint64_t set(std::uint64_t value, std::uint64_t by) { return value | by; }
std::uint64_t flip(std::uint64_t value, std::uint64_t by) { return value ^ by; }

}  // namespace

// The names are the compilers'.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {

void __tsan_init();
void __tsan_func_entry(void*);
void __tsan_func_exit();
void __tsan_vptr_update(void** at, void* value);
void __tsan_vptr_read(void** at);
void __tsan_read_range(void* at, std::size_t size);
void __tsan_write_range(void* at, std::size_t size);
void* __tsan_memcpy(void* to, const void* from, std::size_t size);
void* __tsan_memmove(void* to, const void* from, std::size_t size);
void* __tsan_memset(void* at, int value, std::size_t size);
void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void** at, void* value) {
  if (*at != value) charkha::observer::plain_write(at, sizeof(void*), __builtin_return_address(0));
}
void __tsan_vptr_read(void** at) { charkha::observer::plain_read(at, sizeof(void*), __builtin_return_address(0)); }
void __tsan_read_range(void* at, std::size_t size) {
  charkha::observer::plain_read(at, size, __builtin_return_address(0));
}
void __tsan_write_range(void* at, std::size_t size) {
  charkha::observer::plain_write(at, size, __builtin_return_address(0));
}
void* __tsan_memcpy(void* to, const void* from, std::size_t size) {
  charkha::observer::plain_read(from, size, __builtin_return_address(0));
  charkha::observer::plain_write(to, size, __builtin_return_address(0));
  return std::memcpy(to, from, size);
}
void* __tsan_memmove(void* to, const void* from, std::size_t size) {
  charkha::observer::plain_read(from, size, __builtin_return_address(0));
  charkha::observer::plain_write(to, size, __builtin_return_address(0));
  return std::memmove(to, from, size);
}
void* __tsan_memset(void* at, int value, std::size_t size) {
  charkha::observer::plain_write(at, size, __builtin_return_address(0));
  return std::memset(at, value, size);
}
// The library has none; its layering test sees to that.
void __tsan_atomic_thread_fence(int) { __builtin_trap(); }
void __tsan_atomic_signal_fence(int) {}

#define CHARKHA_PLAIN(size)                                                                                            \
  void __tsan_read##size(void* at);                                                                                    \
  void __tsan_write##size(void* at);                                                                                   \
  void __tsan_read_write##size(void* at);                                                                              \
  void __tsan_unaligned_read##size(void* at);                                                                          \
  void __tsan_unaligned_write##size(void* at);                                                                         \
  void __tsan_volatile_read##size(void* at);                                                                           \
  void __tsan_volatile_write##size(void* at);                                                                          \
  void __tsan_read##size(void* at) { charkha::observer::plain_read(at, size, __builtin_return_address(0)); }           \
  void __tsan_write##size(void* at) { charkha::observer::plain_write(at, size, __builtin_return_address(0)); }         \
  void __tsan_read_write##size(void* at) {                                                                             \
    charkha::observer::plain_read(at, size, __builtin_return_address(0));                                              \
    charkha::observer::plain_write(at, size, __builtin_return_address(0));                                             \
  }                                                                                                                    \
  void __tsan_unaligned_read##size(void* at) { charkha::observer::plain_read(at, size, __builtin_return_address(0)); } \
  void __tsan_unaligned_write##size(void* at) {                                                                        \
    charkha::observer::plain_write(at, size, __builtin_return_address(0));                                             \
  }                                                                                                                    \
  void __tsan_volatile_read##size(void* at) { charkha::observer::plain_read(at, size, __builtin_return_address(0)); }  \
  void __tsan_volatile_write##size(void* at) { charkha::observer::plain_write(at, size, __builtin_return_address(0)); }

CHARKHA_PLAIN(1)
CHARKHA_PLAIN(2)
CHARKHA_PLAIN(4)
CHARKHA_PLAIN(8)
CHARKHA_PLAIN(16)

#define CHARKHA_MODIFY(bits, type, name, how)                                                    \
  type __tsan_atomic##bits##_##name(volatile type* at, type value, int order);                   \
  type __tsan_atomic##bits##_##name(volatile type* at, type value, int order) {                  \
    return charkha::observer::modify<type>(at, value, order, &how, __builtin_return_address(0)); \
  }

#define CHARKHA_ATOMIC(bits, type)                                                                                \
  type __tsan_atomic##bits##_load(const volatile type* at, int order);                                            \
  void __tsan_atomic##bits##_store(volatile type* at, type value, int order);                                     \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type* at, type* expected, type desired, int success, \
                                                    int failure);                                                 \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile type* at, type* expected, type desired, int success,   \
                                                  int failure);                                                   \
  type __tsan_atomic##bits##_compare_exchange_val(volatile type* at, type expected, type desired, int success,    \
                                                  int failure);                                                   \
  type __tsan_atomic##bits##_load(const volatile type* at, int order) {                                           \
    return charkha::observer::load<type>(at, order, __builtin_return_address(0));                                 \
  }                                                                                                               \
  void __tsan_atomic##bits##_store(volatile type* at, type value, int order) {                                    \
    charkha::observer::store<type>(at, value, order, __builtin_return_address(0));                                \
  }                                                                                                               \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type* at, type* expected, type desired, int success, \
                                                    int failure) {                                                \
    return charkha::observer::compare_exchange<type>(at, *expected, desired, success, failure, false,             \
                                                     __builtin_return_address(0))                                 \
               ? 1                                                                                                \
               : 0;                                                                                               \
  }                                                                                                               \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile type* at, type* expected, type desired, int success,   \
                                                  int failure) {                                                  \
    return charkha::observer::compare_exchange<type>(at, *expected, desired, success, failure, true,              \
                                                     __builtin_return_address(0))                                 \
               ? 1                                                                                                \
               : 0;                                                                                               \
  }                                                                                                               \
  /* clang calls this for weak ones too: they do not fail without a reason here. */                               \
  type __tsan_atomic##bits##_compare_exchange_val(volatile type* at, type expected, type desired, int success,    \
                                                  int failure) {                                                  \
    charkha::observer::compare_exchange<type>(at, expected, desired, success, failure, false,                     \
                                              __builtin_return_address(0));                                       \
    return expected;                                                                                              \
  }                                                                                                               \
  CHARKHA_MODIFY(bits, type, exchange, put)                                                                       \
  CHARKHA_MODIFY(bits, type, fetch_add, add)                                                                      \
  CHARKHA_MODIFY(bits, type, fetch_sub, subtract)                                                                 \
  CHARKHA_MODIFY(bits, type, fetch_and, keep)                                                                     \
  CHARKHA_MODIFY(bits, type, fetch_or, set)                                                                       \
  CHARKHA_MODIFY(bits, type, fetch_xor, flip)

CHARKHA_ATOMIC(8, std::uint8_t)
CHARKHA_ATOMIC(16, std::uint16_t)
CHARKHA_ATOMIC(32, std::uint32_t)
CHARKHA_ATOMIC(64, std::uint64_t)

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
