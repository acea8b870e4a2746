// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/this_thread.hpp"

#include <utility>

#include "charkha/detail/context_state.hpp"
#include "charkha/detail/frame_cache.hpp"

namespace charkha::detail {

namespace {

struct thread_slots {
  worker_context* worker = nullptr;
  context_slot* scoped = nullptr;
  frame_cache frames;
};

// Constant-initialised and trivially destructible, so that reaching it needs no guard.
constinit thread_local thread_slots slots;

struct release_at_exit {
  release_at_exit() noexcept = default;
  ~release_at_exit() { slots.frames.close(); }
  release_at_exit(const release_at_exit&) = delete;
  release_at_exit& operator=(const release_at_exit&) = delete;
};

}  // namespace

// The empty asm keeps the compiler from treating the functions as pure, and so from merging calls across a suspension.
worker_context* current_worker() noexcept {
  asm volatile("" ::: "memory");
  return slots.worker;
}

void set_current_worker(worker_context* worker) noexcept { slots.worker = worker; }

frame_cache& current_frame_cache() noexcept {
  asm volatile("" ::: "memory");
  return slots.frames;
}

void release_frame_cache_at_exit() noexcept {
  thread_local release_at_exit at_exit;
  static_cast<void>(&at_exit);
}

context_slot& thread_context() noexcept {
  asm volatile("" ::: "memory");
  thread_local context_slot own;
  return own;
}

context_slot* scoped_context() noexcept {
  asm volatile("" ::: "memory");
  return slots.scoped;
}

context_slot* exchange_scoped_context(context_slot* slot) noexcept {
  asm volatile("" ::: "memory");
  return std::exchange(slots.scoped, slot);
}

}  // namespace charkha::detail
