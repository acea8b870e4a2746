// SPDX-License-Identifier: Apache-2.0
// What belongs to the calling thread, for the threads of the model, which all run on one real thread.
#include "charkha/detail/this_thread.hpp"

#include <array>
#include <utility>

#include "charkha/detail/context_state.hpp"
#include "charkha/detail/frame_cache.hpp"
#include "checker/scenario.hpp"
#include "checker/vector_clock.hpp"

namespace charkha::detail {

namespace {

struct thread_slots {
  worker_context* worker = nullptr;
  context_slot* scoped = nullptr;
  context_slot own;
  frame_cache frames;
};

std::array<thread_slots, model::max_threads> slots;

thread_slots& here() noexcept { return slots[model::this_thread()]; }

}  // namespace

worker_context* current_worker() noexcept { return here().worker; }
void set_current_worker(worker_context* worker) noexcept { here().worker = worker; }
frame_cache& current_frame_cache() noexcept { return here().frames; }
void release_frame_cache_at_exit() noexcept {}
context_slot& thread_context() noexcept { return here().own; }
context_slot* scoped_context() noexcept { return here().scoped; }
context_slot* exchange_scoped_context(context_slot* slot) noexcept { return std::exchange(here().scoped, slot); }

}  // namespace charkha::detail
