// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/wait_queue.hpp"

#include <string>

#include "charkha/detail/task_core.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::detail {

void throw_bound_elsewhere(std::string_view what) {
  throw usage_error("this " + std::string(what) +
                    " belongs to another runtime: a task of that one waited for it first, and only its tasks may wait");
}

void queued_wait::join(wait_list& line, task_core& task, std::coroutine_handle<> frame) noexcept {
  set_up(task);
  task.resume_point = frame;
  waits_ = true;
  granted_ = woken_ = false;
  line.add(*this);
}

void wake_list::add(queued_wait& wait) noexcept {
  wait.next_ = nullptr;
  if (first_ == nullptr) {
    first_ = &wait;
  } else {
    last_->next_ = &wait;
  }
  last_ = &wait;
}

void wake_list::wake() noexcept {
  worker_context* const here = current_worker();
  for (queued_wait* next = first_; next != nullptr;) {
    queued_wait& wait = *next;
    next = wait.next_;
    wait.woken_ = true;
    wait.task().make_ready(here, ready_kind::woken);  // from here on it may be gone
  }
}

wait_list::~wait_list() {
  while (first_ != nullptr) {
    queued_wait& orphan = *first_;
    remove(orphan);
    orphan.orphaned_.store(true, std::memory_order_relaxed);
    orphan.task().state.outwait_holder();  // Q4
  }
}

void wait_list::add(queued_wait& wait) noexcept {
  wait.line_ = this;
  wait.next_ = nullptr;
  wait.previous_ = last_;
  (last_ == nullptr ? first_ : last_->next_) = &wait;
  last_ = &wait;
}

void wait_list::remove(queued_wait& wait) noexcept {
  (wait.previous_ == nullptr ? first_ : wait.previous_->next_) = wait.next_;
  (wait.next_ == nullptr ? last_ : wait.next_->previous_) = wait.previous_;
  wait.line_ = nullptr;
}

bool wait_list::grant(queued_wait& wait, wake_list& woken, std::ptrdiff_t gift) noexcept {
  remove(wait);
  wait.gift_ = gift;
  wait.granted_ = true;
  switch (wait.claim()) {
    case claim_result::make_ready:
      woken.add(wait);
      return true;
    case claim_result::closed:
      return true;  // it may be running already: not touched any more
    case claim_result::lost:
      // Cancelled: it takes the lock before it looks.
      wait.granted_ = false;
      return false;
  }
  __builtin_unreachable();
}

}  // namespace charkha::detail
