// SPDX-License-Identifier: Apache-2.0
// What belongs to the calling thread. The only place that reads thread-local storage: a coroutine may resume on another
// thread, and compilers may keep the address of a thread_local across a suspension. Hence functions that are never
// inlined and return values.
#pragma once

namespace charkha::detail {

class context_slot;
class worker_context;
struct frame_cache;

/// The worker that the calling thread is, or null.
[[gnu::noinline]] worker_context* current_worker() noexcept;
/// Makes the calling thread a worker (or, with null, an ordinary thread again).
[[gnu::noinline]] void set_current_worker(worker_context* worker) noexcept;
/// The calling thread's frame cache.
[[gnu::noinline]] frame_cache& current_frame_cache() noexcept;
/// From now on the calling thread gives its frame cache back when it ends.
[[gnu::noinline]] void release_frame_cache_at_exit() noexcept;

/// The calling thread's own context, for when it runs no task.
[[gnu::noinline]] context_slot& thread_context() noexcept;
/// The context that a callback or a function runs in on the calling thread, or null. See context_scope.
[[gnu::noinline]] context_slot* scoped_context() noexcept;
[[gnu::noinline]] context_slot* exchange_scoped_context(context_slot* slot) noexcept;

}  // namespace charkha::detail
