// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/forked_record.hpp"

#include <utility>

#include "charkha/detail/describe_wait.hpp"
#include "charkha/detail/fork_scope.hpp"

namespace charkha::detail {

namespace {
constexpr std::string_view unnamed = "child of when_all";
}  // namespace

forked_record::forked_record(forked_task& child)
    : task_record(1),
      runtime_(child.runtime),
      retained_(child.runtime.retain()),
      callbacks_(intrusive_ptr<serial_queue>::adopt(*new serial_queue(child.runtime))),
      child_(&child) {}

forked_record::~forked_record() {
  drop_waiters();
  runtime_.release(retained_);
}

intrusive_ptr<forked_record> forked_record::of(forked_task& child) {
  task_notes& notes = child.demand_notes();
  forked_record* known = notes.record.load(std::memory_order_relaxed);  // only the child itself sets it
  if (known == nullptr) {
    known = new forked_record(child);
    // [task-notes] release: constructed before a canceller finds it.
    notes.record.store(known, std::memory_order_release);
  }
  return intrusive_ptr<forked_record>(*known);
}

void forked_record::end(std::exception_ptr error, bool cancelled) noexcept {
  {
    const spin_guard guard(lock_);
    last_name_ = std::exchange(child_, nullptr)->given_name();
  }
  error_ = std::move(error);
  was_cancelled_ = cancelled;
  mark_retrieved();  // by the parent, whose errors they are
  complete_waiters();
}

cancel_answer forked_record::ask(std::string_view message) noexcept {
  const spin_guard guard(lock_);
  return child_ == nullptr ? cancel_answer() : child_->ask(message);
}

bool forked_record::cancel(std::string_view message) noexcept { return ask(message).finish(message); }

const task_core* forked_record::forked_child() const noexcept {
  const spin_guard guard(lock_);
  return child_;
}

bool forked_record::stands_for(const task_core& task) const noexcept {
  const spin_guard guard(lock_);
  return child_ == &task;
}

std::uint32_t forked_record::cancelling() const noexcept {
  const spin_guard guard(lock_);
  return child_ == nullptr ? 0 : child_->state.cancelling();
}

std::uint32_t forked_record::uncancel() noexcept {
  const spin_guard guard(lock_);
  return child_ == nullptr ? 0 : child_->state.uncancel();
}

std::string forked_record::name() const {
  std::string given;
  {
    const spin_guard guard(lock_);
    given = child_ == nullptr ? last_name_ : child_->given_name();
  }
  return given.empty() ? std::string(unnamed) : given;
}

void forked_record::set_name(std::string_view name) {
  const spin_guard guard(lock_);
  if (child_ == nullptr) {
    last_name_ = name;
  } else {
    child_->set_name(name);
  }
}

std::string forked_record::waiting_for() {
  look_result seen = look_result::running;
  forked_task* child = nullptr;
  {
    const spin_guard guard(lock_);
    child = child_;
    if (child != nullptr) seen = child->state.hold_to_look();
  }
  if (child == nullptr) return {};
  if (seen == look_result::running) return "running";
  return seen == look_result::busy ? "cancelled" : describe_held_wait(*child);
}

intrusive_ptr<context_state> forked_record::context() {
  const spin_guard guard(lock_);
  if (child_ == nullptr) return intrusive_ptr<context_state>::adopt(*new context_state);
  return intrusive_ptr<context_state>(child_->context.demand());
}

intrusive_ptr<cancel_listener> forked_record::set_listener(intrusive_ptr<cancel_listener> told) {
  const spin_guard guard(lock_);
  if (child_ == nullptr) return {};
  return child_->demand_notes().set_listener(std::move(told));
}

}  // namespace charkha::detail
