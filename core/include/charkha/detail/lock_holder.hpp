// SPDX-License-Identifier: Apache-2.0
// Who took a lock, written down for those who ask what a task waits for. By number, not by reference: taking a free lock
// must not cost the two RMWs of one. So a holder may have ended long ago; whoever asks looks for the number.
#pragma once

#include <cstdint>

#include "charkha/detail/executor.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/detail/task_core.hpp"
#include "charkha/detail/this_thread.hpp"

namespace charkha::detail {

class lock_holder {
 public:
  /// Nobody, or somebody who is not known.
  lock_holder() noexcept = default;
  explicit lock_holder(const task_core& task) noexcept
      : runtime_(&task.runtime), number_(task.heap_block() != nullptr ? task.heap_block()->number : child) {}
  /// The task whose step the calling thread runs, if it does.
  [[nodiscard]] static lock_holder running() noexcept {
    const worker_context* here = current_worker();
    return here == nullptr || here->current == nullptr ? lock_holder() : lock_holder(*here->current);
  }

  /// What wait_operation::holder() gives to a task of `runtime`, in which alone the number means something.
  [[nodiscard]] std::uint64_t number_in(const executor& runtime) const noexcept {
    return runtime_ == &runtime ? number_ : unknown;
  }

  static constexpr std::uint64_t unknown = 0;
  static constexpr std::uint64_t child = static_cast<std::uint64_t>(-1);  // of when_all: these have no numbers

 private:
  const executor* runtime_ = nullptr;  // only ever compared
  std::uint64_t number_ = unknown;
};

}  // namespace charkha::detail
