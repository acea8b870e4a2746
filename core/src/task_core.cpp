// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/task_core.hpp"

#include <new>
#include <utility>

#include "cancel_walk.hpp"
#include "charkha/cancelled_error.hpp"
#include "charkha/detail/forked_record.hpp"
#include "charkha/detail/future_core.hpp"
#include "charkha/detail/this_thread.hpp"

namespace charkha::detail {

void task_core::drop_notes(const task_notes* own) noexcept { delete own; }

task_notes::~task_notes() {
  if (auto* queue = callbacks.load(std::memory_order_relaxed)) queue->drop_reference();
  if (auto* told = listener.load(std::memory_order_relaxed)) told->drop_reference();
  if (auto* standing = record.load(std::memory_order_relaxed)) standing->drop_reference();
}

intrusive_ptr<cancel_listener> task_notes::set_listener(intrusive_ptr<cancel_listener> told) noexcept {
  cancel_listener* known = nullptr;
  // [task-notes] release: constructed before a canceller finds it.
  if (listener.compare_exchange_strong(known, told.get(), std::memory_order_acq_rel, std::memory_order_acquire)) {
    return intrusive_ptr<cancel_listener>(*told.release());
  }
  return intrusive_ptr<cancel_listener>(*known);
}

void task_notes::run_serially(worker_context& worker) noexcept { task.run(worker); }
void task_notes::discard_serially() noexcept { task.discard(); }

ready_item* task_core::noted_turn(task_notes& own) noexcept { return own.strand ? own.strand->push(own) : this; }

void task_core::make_ready(ready_kind kind) noexcept { make_ready(current_worker(), kind); }

bool task_core::is_on_strand() const noexcept {
  const task_notes* own = notes();
  return own != nullptr && own->strand;
}

void task_core::run(worker_context& worker) noexcept { take_turn(begin_turn(worker), worker); }

std::coroutine_handle<> task_core::begin_turn(worker_context& worker) noexcept {
  worker.current = this;
  return resume_point;
}

bool cancel_answer::finish(std::string_view message) const noexcept {
  if (held != nullptr) {
    held->finish_cancel(message);
  } else if (taken) {
    // It may be one that the caller itself computes for: then the request goes on from there at once.
    const worker_context* here = current_worker();
    if (here != nullptr && here->current != nullptr) here->current->look_for_cancel();
  }
  if (told) told->cancel_requested();
  return taken;
}

bool task_core::cancel(std::string_view message) noexcept { return ask(message).finish(message); }

cancel_answer task_core::ask(std::string_view message) noexcept {
  if (state.is_done()) return {};
  set_cancel_message(message);
  auto told = listener();
  const auto asked = begin_cancel();
  if (asked == cancel_result::refused) return {};
  return {.taken = true, .held = asked == cancel_result::held ? this : nullptr, .told = std::move(told)};
}

void task_core::finish_cancel(std::string_view message) noexcept { cancel_walk::start(*this, message); }

intrusive_ptr<cancel_listener> task_core::listener() const noexcept {
  const task_notes* own = notes();
  if (own == nullptr) return {};
  // [task-notes] acquire: the listener is constructed.
  cancel_listener* told = own->listener.load(std::memory_order_acquire);
  return told == nullptr ? intrusive_ptr<cancel_listener>() : intrusive_ptr<cancel_listener>(*told);
}

std::string task_core::cancel_message() const {
  const task_notes* own = notes();
  if (own == nullptr) return {};
  const spin_guard guard(own->lock);
  return own->cancel_message;
}

std::string task_core::given_name() const {
  const task_notes* own = notes();
  if (own == nullptr) return {};
  const spin_guard guard(own->lock);
  return own->name;
}

void task_core::set_name(std::string_view name) {
  std::string copy(name);
  task_notes& own = demand_notes();
  const spin_guard guard(own.lock);
  own.name.swap(copy);
}

void task_core::set_cancel_message(std::string_view message) noexcept {
  if (message.empty() && notes() == nullptr) return;
  try {
    std::string copy(message);
    task_notes& own = demand_notes();
    const spin_guard guard(own.lock);
    // The request that ended the wait is the one that is delivered; one of a scope's own has no message to keep.
    if (!own.cancel_message.empty() && state.cancel_arriving()) return;
    own.cancel_message.swap(copy);
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): the request matters more than its message
  }
}

task_notes& task_core::demand_notes() {
  task_notes* own = notes();
  if (own != nullptr) return *own;
  auto fresh = std::make_unique<task_notes>(*this);
  if (lives_ == place::parent) state.expose();
  // [task-notes] release: constructed before they can be found.
  if (notes_.compare_exchange_strong(own, fresh.get(), std::memory_order_acq_rel, std::memory_order_acquire)) {
    return *fresh.release();
  }
  return *own;
}

await_target::await_target(future_core& at) noexcept : task(at.task()), future(&at) {}

bool wait_operation::publish() noexcept {
  task_core& task = *task_;
  return act_on(task, task.state.publish(wait_));
}

bool wait_operation::act_on(task_core& task, suspend_result result) noexcept {
  switch (result) {
    case suspend_result::suspended:
      return true;
    case suspend_result::completed:
      return false;
    case suspend_result::cancel_first:
      cancel_walk::start(task, task.cancel_message());
      return true;
  }
  __builtin_unreachable();
}

void throw_cancelled(const task_core& task) { throw cancelled_error(task.cancel_message()); }

}  // namespace charkha::detail
