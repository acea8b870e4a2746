// SPDX-License-Identifier: Apache-2.0
// Where the lock-free structures take their atomics from. The library uses std_atomics; a model checker passes a type
// with the same shape whose every access is a scheduling point.
#pragma once

#include <atomic>

namespace charkha::detail {

struct std_atomics {
  template <class T>
  using atomic = std::atomic<T>;
};

/// Tells the core that this is a spin loop, so that the other hyper-thread may run and the loop leaves cheaply.
inline void spin_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

}  // namespace charkha::detail
