// SPDX-License-Identifier: Apache-2.0
#include "charkha/runner.hpp"

#include "charkha/detail/this_thread.hpp"
#include "charkha/interrupted_error.hpp"
#include "charkha/usage_error.hpp"
#include "sigint_watch.hpp"

namespace charkha {

runner::runner(const runtime_options& options) : name_(options.name), handle_sigint_(options.handle_sigint) {
  make_ = [this, copy = options]() mutable {
    copy.name = name_;
    return std::make_unique<runtime>(copy);
  };
}

runner::~runner() {
  // On a worker the runtime's destructor says what is wrong.
  if (runtime_ && detail::current_worker() == nullptr) close();
}

runtime& runner::get_runtime() {
  if (closed_) throw usage_error("this runner is closed");
  if (!runtime_) {
    auto made = make_();
    if (!made) throw usage_error("the runner's factory made no runtime");
    runtime_ = std::move(made);
    make_ = nullptr;
  }
  return *runtime_;
}

shutdown_result runner::close() { return close_within({}); }

shutdown_result runner::close_within(std::optional<std::chrono::nanoseconds> timeout) {
  if (closed_) return *closed_;
  if (!runtime_) return {};
  closed_ = timeout ? runtime_->shutdown(*timeout) : runtime_->shutdown();
  runtime_.reset();
  return *closed_;
}

namespace detail {

main_run::main_run(runner& owner) : owner_(owner) {
  if (current_worker() != nullptr) {
    throw usage_error("run() would block a worker: await the coroutine, or create a task for it");
  }
  // Before main is started: a signal that it sends itself must find the handler in place.
  if (!owner.handle_sigint_) return;
  watch_ = std::make_unique<sigint_watch>();
  if (!watch_->owns()) watch_.reset();
}

main_run::~main_run() = default;

void main_run::wait(task_block& main) {
  auto verdict = sigint_watch::verdict::ended;
  if (watch_) {
    verdict = watch_->wait(main);
  } else {
    main.runtime.block_until_complete(main.waiters);
  }
  main.mark_retrieved();
  if (verdict == sigint_watch::verdict::ended) return;
  if (verdict == sigint_watch::verdict::abandoned) owner_.close_within(std::chrono::nanoseconds(0));
  throw interrupted_error();
}

}  // namespace detail
}  // namespace charkha
