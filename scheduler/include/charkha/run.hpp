// SPDX-License-Identifier: Apache-2.0
// run: a whole program in one call.
#pragma once

#include <source_location>
#include <utility>

#include "charkha/coro.hpp"
#include "charkha/runtime.hpp"
#include "charkha/runtime_options.hpp"

namespace charkha {

namespace detail {
/// Throws usage_error if the calling thread is a worker.
void check_run_allowed();
}  // namespace detail

/// Runs `main` as the first task of a new runtime, shuts the runtime down as runtime::shutdown does, and gives main's
/// value or throws its error. As `asyncio.run`.
///
/// Blocks the calling thread. Always returns once main has ended: tasks that do not stop within
/// options.shutdown_timeout are destroyed and reported. Throws usage_error on a worker, and what runtime's constructor
/// throws.
template <class T>
T run(coro<T> main, const runtime_options& options = {},
      const std::source_location& site = std::source_location::current()) {
  detail::check_run_allowed();
  runtime here(options);
  auto first = here.spawn(std::move(main), {}, site);
  auto& block = detail::task_access::block(first);
  block.runtime.block_until_complete(block.waiters);
  block.mark_retrieved();
  here.shutdown(options.shutdown_timeout);
  return block.value.take();
}

}  // namespace charkha
