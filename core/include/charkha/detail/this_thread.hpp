// SPDX-License-Identifier: Apache-2.0
// What belongs to the calling thread. The only place that reads thread-local storage: a coroutine may resume on another
// thread, and compilers may keep the address of a thread_local across a suspension. Hence functions that are never
// inlined and return values.
#pragma once

namespace charkha::detail {

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

}  // namespace charkha::detail
