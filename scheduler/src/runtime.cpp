// SPDX-License-Identifier: Apache-2.0
#include "charkha/runtime.hpp"

#include <cstdio>
#include <exception>

#include "charkha/detail/this_thread.hpp"
#include "charkha/run.hpp"
#include "charkha/usage_error.hpp"
#include "thread_driver.hpp"

namespace charkha {

runtime::runtime(const runtime_options& options) : driver_(std::make_unique<detail::thread_driver>(options)) {}

runtime::~runtime() {
  if (detail::current_worker() != nullptr) {
    static_cast<void>(
        std::fputs("charkha: a runtime was destroyed on a worker, which cannot wait for itself\n", stderr));
    std::terminate();
  }
  const auto result = driver_->shutdown(driver_->shutdown_timeout());
  // Threads that did not stop still use it: left to them, reported, and never freed.
  if (result.workers_not_stopped == 0) return;
  [[maybe_unused]] const auto* const theirs = driver_.release();
}

detail::executor& runtime::executor() const { return driver_->state(); }

shutdown_result runtime::shutdown_within(std::chrono::nanoseconds timeout) { return driver_->shutdown(timeout); }
std::size_t runtime::worker_count() const noexcept { return driver_->worker_count(); }
const std::string& runtime::name() const noexcept { return driver_->name(); }

namespace detail {

void check_run_allowed() {
  if (current_worker() != nullptr) {
    throw usage_error("run() would block a worker: await the coroutine, or create a task for it");
  }
}

}  // namespace detail
}  // namespace charkha
