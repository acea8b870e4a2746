// SPDX-License-Identifier: Apache-2.0
#include "charkha/runtime.hpp"

#include <cstdio>
#include <exception>

#include "charkha/detail/this_thread.hpp"
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
  const auto& result = driver_->shutdown(driver_->shutdown_timeout());
  // Threads that did not stop still use it: left to them, reported, and never freed.
  if (result.workers_not_stopped == 0) return;
  [[maybe_unused]] const auto* const theirs = driver_.release();
}

detail::executor& runtime::executor() const { return driver_->state(); }

shutdown_result runtime::shutdown_within(std::chrono::nanoseconds timeout) { return driver_->shutdown(timeout); }
shutdown_result runtime::shutdown() { return driver_->shutdown(driver_->shutdown_timeout()); }
void runtime::request_shutdown() noexcept { driver_->shutdown_request().set(); }
bool runtime::shutdown_requested() const noexcept { return driver_->shutdown_request().is_set(); }
void runtime::wait_for_shutdown_request() {
  if (detail::current_worker() != nullptr) {
    throw usage_error("wait_for_shutdown_request() would block a worker: call it on a thread of the embedding program");
  }
  driver_->shutdown_request().wait();
}
bool runtime::debug() const noexcept { return driver_->state().debug(); }
std::size_t runtime::worker_count() const noexcept { return driver_->worker_count(); }
const std::string& runtime::name() const noexcept { return driver_->name(); }

}  // namespace charkha
