// SPDX-License-Identifier: Apache-2.0
// Time-outs and task groups.
#pragma once

#include <exception>
#include <utility>
#include <vector>

#include "fuzz/reference/future.hpp"
#include "fuzz/reference/loop.hpp"
#include "fuzz/reference/task.hpp"

namespace charkha::fuzz::reference {

struct timeout_error final : std::exception {};
struct exception_group final : std::exception {
  explicit exception_group(std::vector<std::exception_ptr> all) : errors(std::move(all)) {}
  std::vector<std::exception_ptr> errors;
};

inline coro timeout(nanoseconds duration, coro body) {
  task_state& self = *loop::current().task;
  const int settled = self.settled_requests();
  bool expired = false;
  const auto expire = [&self, &expired] {
    self.cancel();
    expired = true;
  };
  loop& here = loop::current();
  const auto timer = duration.count() <= 0 ? here.call_soon(expire) : here.call_at(here.now() + duration, expire);
  int value = 0;
  std::exception_ptr error;
  bool cancelled = false;
  try {
    value = co_await body;
  } catch (const cancelled_error&) {
    cancelled = true;
    error = std::current_exception();
  } catch (...) {
    error = std::current_exception();
  }
  here.cancel(timer);
  if (expired && self.uncancel(settled) <= settled && cancelled) throw timeout_error();
  if (error) std::rethrow_exception(error);
  co_return value;
}

class task_group {
 public:
  [[nodiscard]] bool takes_children() const noexcept {
    return entered_ && !stopping_ && !(closed_ && children_.empty());
  }
  task create_task(coro body) {
    auto child = reference::create_task(std::move(body));
    children_.push_back(child);
    child->add_callback([this, child] { child_done(child); });
    return child;
  }

  coro run(coro body) {
    entered_ = true;
    parent_ = loop::current().task;
    const int settled = parent_->settled_requests();
    int value = 0;
    std::exception_ptr cancelled, late, error;
    try {
      value = co_await body;
    } catch (const cancelled_error&) {
      cancelled = std::current_exception();
    } catch (...) {
      error = std::current_exception();
    }
    closed_ = true;
    if ((cancelled || error) && !stopping_) stop();
    while (!children_.empty()) {
      all_ended_ = make_future();
      try {
        co_await wait_for(all_ended_);
      } catch (const cancelled_error&) {
        late = std::current_exception();
        if (!stopping_) stop();
      }
    }
    const bool only_own = asked_parent_ && parent_->uncancel(settled) <= settled;
    if (late) cancelled = late;
    if (only_own) cancelled = nullptr;
    if (error) errors_.push_back(error);
    if (errors_.empty() && cancelled) std::rethrow_exception(cancelled);
    if (errors_.empty()) co_return value;
    if (parent_->cancelling() > settled) parent_->redeliver();
    throw exception_group(std::move(errors_));
  }

 private:
  void stop() {
    stopping_ = true;
    for (const auto& child : std::vector(children_)) child->cancel();
  }
  void child_done(const task& child) {
    std::erase(children_, child);
    if (all_ended_ && children_.empty() && !all_ended_->done()) all_ended_->set_result(0);
    if (child->was_cancelled() || !child->error()) return;
    errors_.push_back(child->error());
    if (!stopping_ && !asked_parent_) {
      stop();
      asked_parent_ = true;
      parent_->cancel();
    }
  }

  task_state* parent_ = nullptr;
  std::vector<task> children_;
  std::vector<std::exception_ptr> errors_;
  future all_ended_;
  bool entered_ = false, closed_ = false, stopping_ = false, asked_parent_ = false;
};

}  // namespace charkha::fuzz::reference
