// SPDX-License-Identifier: Apache-2.0
// runner: one runtime for several mains.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "charkha/context.hpp"
#include "charkha/coro.hpp"
#include "charkha/runtime.hpp"
#include "charkha/runtime_options.hpp"

namespace charkha {

class runner;

namespace detail {

class sigint_watch;

/// Makes a runtime.
template <class Function>
concept runtime_factory = std::is_invocable_r_v<std::unique_ptr<runtime>, Function&>;

/// One main, from before it is started until it has ended; watches SIGINT meanwhile, if asked to.
class main_run {
 public:
  /// Throws usage_error if the calling thread is a worker.
  explicit main_run(runner& owner);
  ~main_run();
  main_run(const main_run&) = delete;
  main_run& operator=(const main_run&) = delete;

  /// Blocks until main has ended. Throws interrupted_error.
  void wait(task_block& main);

 private:
  runner& owner_;
  std::unique_ptr<sigint_watch> watch_;
};

}  // namespace detail

/// What a runner needs to know when somebody else makes its runtime.
struct runner_options {
  /// As runtime_options::handle_sigint.
  bool handle_sigint = false;
};

/// Runs one main after the other in the same runtime, which is made when it is first needed and shut down by close().
/// As `asyncio.Runner`.
///
/// Tasks that a main leaves behind go on, during the next main as between two of them: the workers do not pause. All
/// mains live in one context, a copy of what was current when the runner was made: what one sets the next one sees.
///
/// SIGINT is handled if the options say so, while run() waits for main, and only if its action is the default one and no
/// other runner in the process has it; it may be sent to any thread. The first one cancels main; if main then ends
/// cancelled and nobody else asked it to, run() throws interrupted_error. If main swallows the request and returns, that
/// is its value. The second one makes run() stop waiting: the runner is closed without time for clean-up, and
/// interrupted_error is thrown. When run() returns SIGINT is again what it was.
///
/// For one thread at a time, which is not a worker.
class runner {
 public:
  /// Makes nothing yet. The options are copied, also the name; `reports` must outlive the runner.
  explicit runner(const runtime_options& options = {});
  /// The runtime is made by `make()`, a callable that gives a std::unique_ptr<runtime>: once.
  template <detail::runtime_factory Function>
  explicit runner(Function make, const runner_options& options = {})
      : make_(std::move(make)), handle_sigint_(options.handle_sigint) {}
  /// close(). On a worker the program is ended with a message, if there is a runtime.
  ~runner();
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;

  /// Runs `main` as a task of the runtime and gives its value or throws its error. Blocks the calling thread until main
  /// has ended, not until the tasks have that it leaves behind.
  /// Throws usage_error on a worker, after close(), and for an empty coro; interrupted_error, see above; what making the
  /// runtime throws.
  template <class T>
  T run(coro<T> main, const std::source_location& site = std::source_location::current()) {
    detail::main_run current(*this);
    auto first = get_runtime().spawn(std::move(main), {.context = &context_}, site);
    auto& block = detail::task_access::block(first);
    current.wait(block);
    return block.value.take();
  }

  /// The runtime, made if it was not yet. Throws usage_error after close(), or if the factory made none.
  [[nodiscard]] runtime& get_runtime();

  /// Shuts the runtime down, as runtime::shutdown does with the timeout of its options, and destroys it: what did not
  /// end. After that the runner cannot be used, but a second close() says the same again. Before the runtime was made,
  /// does nothing. Throws usage_error on a worker, std::bad_alloc.
  shutdown_result close();

 private:
  friend detail::main_run;
  shutdown_result close_within(std::optional<std::chrono::nanoseconds> timeout);

  // What all mains share.
  context context_ = context::copy_current();
  std::string name_;
  std::function<std::unique_ptr<runtime>()> make_;  // empty once it was called
  std::unique_ptr<runtime> runtime_;
  std::optional<shutdown_result> closed_;
  bool handle_sigint_;
};

}  // namespace charkha
