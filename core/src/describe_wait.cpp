// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/describe_wait.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/known_tasks.hpp"
#include "charkha/detail/lock_holder.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/detail/task_core.hpp"

namespace charkha::detail {

namespace {

constexpr unsigned patience = 1000;  // looks at a task that a canceller holds: usually he is through long before

look_result hold(task_core& task) noexcept {
  auto result = task.state.hold_to_look();
  for (unsigned i = 0; i < patience && result == look_result::busy; ++i) {
    spin_pause();
    result = task.state.hold_to_look();
  }
  return result;
}

void let_go(task_core& task) noexcept {
  switch (task.state.release_hold()) {
    case release_result::waits:
      return;
    case release_result::make_ready:  // its wait was closed meanwhile, and left to the holder
      task.make_ready();
      return;
    case release_result::again:  // so was a cancel request
      task.finish_cancel(task.cancel_message());
      return;
  }
}

// Who has the lock that a task waits for, found while that one is held.
struct found_holder {
  static constexpr std::size_t attempts = 3;

  std::uint64_t number = lock_holder::unknown;
  const intrusive_ptr<task_block>* task = nullptr;  // one of `seen`: null if there is no block with that number
  bool ended = false;
  std::array<intrusive_ptr<task_block>, attempts> seen{};  // may be last references: dropped when nothing is held
};

// In time between the two questions the holder may give the lock away and end, so that "ended" needs a second answer: a
// task that had ended, and still is who took the lock, did not give it away. Nobody if the holders come and go too fast.
void find_holder(found_holder& found, const wait_operation& operation, const known_tasks& known) noexcept {
  for (auto& seen : found.seen) {
    const std::uint64_t number = operation.holder();
    if (found.ended && number == found.number) return;
    found.number = number;
    found.ended = false;
    if (number == lock_holder::unknown || number == lock_holder::child) return;
    const auto* task = known.find(number);
    seen = task != nullptr ? *task : operation.task().runtime.find(number);
    found.task = &seen;
    found.ended = !seen || seen->is_complete();
    if (!found.ended) return;
  }
  found.number = lock_holder::unknown;
}

std::string describe_holder(const found_holder& holder, known_tasks& known) {
  if (holder.number == lock_holder::unknown) return {};
  if (holder.number == lock_holder::child) return " held by a child of when_all";
  const auto& task = *holder.task;
  known.add(holder.number, task);
  return " held by " + (task ? task->name() : "Task-" + std::to_string(holder.number)) +
         (holder.ended ? ", which has ended" : "");
}

std::string describe_held_wait(task_core& task, known_tasks& known) {
  // What is described may live in the frame that only the hold keeps: copied, without allocating.
  std::array<char, 63> text{};
  wait_operation& operation = *task.waiting_on;
  const std::string_view said = operation.describe();
  const std::size_t length = std::min(said.size(), text.size());
  std::copy_n(said.begin(), length, text.begin());
  intrusive_ptr<task_block> awaited;
  if (operation.target_count() == 1) {
    task_core* target = operation.target(0).task;
    task_block* block = target == nullptr ? nullptr : target->heap_block();
    if (block != nullptr) awaited = intrusive_ptr<task_block>(*block);
  }
  found_holder holder;
  find_holder(holder, operation, known);
  let_go(task);
  std::string description(text.data(), length);
  if (awaited) description += " " + awaited->name();
  return description + describe_holder(holder, known);
}

}  // namespace

std::string describe_wait(task_core& task) {
  known_tasks none;
  return describe_wait(task, none);
}

std::string describe_wait(task_core& task, known_tasks& known) {
  switch (hold(task)) {
    case look_result::running:
      return "running";
    case look_result::busy:
      return "cancelled";
    case look_result::held:
      return describe_held_wait(task, known);
  }
  __builtin_unreachable();
}

std::string describe_held_wait(task_core& task) {
  known_tasks none;
  return describe_held_wait(task, none);
}

}  // namespace charkha::detail
