// SPDX-License-Identifier: Apache-2.0
#include "cancel_walk.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace charkha::detail {

namespace {

/// Makes a task ready that is let go. A child of when_all may be gone by then, if its runtime is torn down: what is
/// needed is read before. Such a child is on no strand; any other task is kept by the canceller's reference.
class departure {
 public:
  explicit departure(task_core& task) noexcept : task_(task), runtime_(task.runtime), strand_(task.is_on_strand()) {}
  void make_ready() noexcept { runtime_.make_ready(strand_ ? *task_.turn() : task_, ready_kind::woken); }

 private:
  task_core& task_;
  executor& runtime_;
  bool strand_;
};

void end_wait(task_core& task) noexcept {
  departure leaving(task);
  task.state.close_hold();
  leaving.make_ready();
}

void leave_undelivered(task_core& task) noexcept {
  departure leaving(task);
  if (task.state.release_hold_undelivered() == release_result::make_ready) leaving.make_ready();
}

void end_or_leave(task_core& task) noexcept {
  if (task.waiting_on->may_end_early()) {
    end_wait(task);
  } else {
    leave_undelivered(task);
  }
}

}  // namespace

void cancel_walk::start(task_core& task, std::string_view message) noexcept {
  // Nearly every wait is for something that is no task.
  if (task.waiting_on->route_cancel() == cancel_route::here) {
    end_wait(task);
    return;
  }
  cancel_walk walk(message);
  stop next(task);
  for (;;) {
    try {
      if (next.task == nullptr) {
        next.block->publish();
      } else {
        walk.descend(*next.task);
      }
    } catch (const std::bad_alloc&) {
      // Without memory for the way, the request ends where it has come.
      end_or_leave(*next.task);
    }
    while (!walk.path_.empty() && walk.path_.back().asked.empty()) {
      walk.on_path_.erase(walk.path_.back().here.task);
      walk.path_.pop_back();
      if (walk.path_.size() < walk.round_) walk.round_ = 0;
    }
    if (walk.path_.empty()) break;
    auto& asked = walk.path_.back().asked;
    next = std::move(asked.back());
    asked.pop_back();
  }
  for (const auto& told : walk.told_) told->cancel_requested();
}

// Asks all that `task`, which is held, awaits, and lets it go. It joins the path if some of those are to be visited.
void cancel_walk::descend(task_core& task) {
  wait_operation& operation = *task.waiting_on;
  const auto route = operation.route_cancel();
  if (route == cancel_route::here) {
    end_wait(task);
    return;
  }
  if (route == cancel_route::refused) {
    leave_undelivered(task);
    return;
  }
  const std::size_t count = operation.target_count();
  level here{stop(task), {}};
  here.asked.reserve(count);
  if (path_.size() == path_.capacity()) path_.reserve(2 * path_.size() + 4);
  on_path_.insert(&task);
  if (operation.may_end_early() && awaits_path(operation)) {
    on_path_.erase(&task);
    end_wait(task);
    return;
  }
  departure leaving(task);
  release_result released;
  do {
    bool reached = false;
    for (std::size_t i = 0; i < count; ++i) ask(operation.target(i), here, reached);
    if (reached) operation.cancel_passed_on();
    released = reached ? task.state.release_hold() : task.state.release_hold_undelivered();
  } while (released == release_result::again);
  if (released == release_result::make_ready) leaving.make_ready();
  if (here.asked.empty()) {
    on_path_.erase(&task);
  } else {
    std::reverse(here.asked.begin(), here.asked.end());  // visited from the back, in the targets' order
    path_.push_back(std::move(here));
  }
}

bool cancel_walk::awaits_path(wait_operation& operation) const {
  for (std::size_t i = 0; i < operation.target_count(); ++i) {
    const auto target = operation.target(i);
    const task_core* const task = target.task != nullptr ? target.task : target.future->forked_child();
    if (on_path_.contains(task)) return true;
  }
  return false;
}

// The walk is about to go round a circle once more, since it entered it at a child of a scope. A circle has a task on
// the heap in it, and whoever awaits that one can end his wait: the second time he finds it on the path.
void cancel_walk::keep_heap_tasks_on_path(const level& last) noexcept {
  for (const level& passed : path_) {
    if (!passed.here.block) on_path_.erase(passed.here.task);
  }
  if (!last.here.block) on_path_.erase(last.here.task);
}

void cancel_walk::ask(await_target target, level& from, bool& reached) {
  auto answer = target.task == nullptr ? target.future->ask(message_) : target.task->ask(message_);
  if (!answer.taken) return;
  reached = true;
  if (answer.told) told_.push_back(std::move(answer.told));
  if (answer.settled) from.asked.emplace_back(*target.future);
  task_core* const held = answer.held;
  if (held == nullptr) return;
  if (on_path_.contains(held)) {
    if (held->waiting_on->may_end_early()) {
      end_wait(*held);
      return;
    }
    if (round_ != 0) {
      leave_undelivered(*held);
      return;
    }
    round_ = path_.size() + 1;
    keep_heap_tasks_on_path(from);
  }
  from.asked.emplace_back(*held);
}

}  // namespace charkha::detail
