// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/describe_wait.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "charkha/detail/intrusive_ptr.hpp"
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

}  // namespace

std::string describe_wait(task_core& task) {
  switch (hold(task)) {
    case look_result::running:
      return "running";
    case look_result::busy:
      return "cancelled";
    case look_result::held:
      return describe_held_wait(task);
  }
  __builtin_unreachable();
}

std::string describe_held_wait(task_core& task) {
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
  let_go(task);
  std::string description(text.data(), length);
  if (awaited) description += " " + awaited->name();
  return description;
}

}  // namespace charkha::detail
