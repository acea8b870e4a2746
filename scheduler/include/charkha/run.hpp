// SPDX-License-Identifier: Apache-2.0
// run: a whole program in one call.
#pragma once

#include <source_location>
#include <utility>

#include "charkha/coro.hpp"
#include "charkha/runner.hpp"
#include "charkha/runtime_options.hpp"

namespace charkha {

/// Runs `main` as the first task of a new runtime, shuts the runtime down as runtime::shutdown does, and gives main's
/// value or throws its error: a runner for one main. As `asyncio.run`.
///
/// Blocks the calling thread. Always returns once main has ended: tasks that do not stop within
/// options.shutdown_timeout are destroyed and reported, and so is the error of one that fails while it stops.
/// With options.handle_sigint Ctrl-C cancels main, see runner, and while the other tasks are shut down it has its default
/// action again; without the option no signal is touched.
/// Throws usage_error on a worker, interrupted_error, and what runtime's constructor throws.
template <class T>
T run(coro<T> main, const runtime_options& options = {},
      const std::source_location& site = std::source_location::current()) {
  runner here(options);
  return here.run(std::move(main), site);
}

/// The same in the runtime that `make()` gives, a callable that makes a std::unique_ptr<runtime>: called once.
template <class T, detail::runtime_factory Function>
T run(coro<T> main, Function make, const runner_options& options = {},
      const std::source_location& site = std::source_location::current()) {
  runner here(std::move(make), options);
  return here.run(std::move(main), site);
}

}  // namespace charkha
