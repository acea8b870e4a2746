// SPDX-License-Identifier: Apache-2.0
// The kernel's part of parking, as the model has it: looking at the word and blocking is one step, and so is waking.
#include "futex.hpp"

#include "checker/execution.hpp"

using charkha::model::execution;

namespace charkha::detail {

bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline) noexcept {
  auto* const run = execution::current();
  return run == nullptr || run->block(&word, expected, deadline, __builtin_return_address(0));
}

void futex_wake(std::atomic<std::uint32_t>& word, int count) noexcept {
  if (auto* const run = execution::current()) run->wake(&word, count, __builtin_return_address(0));
}

}  // namespace charkha::detail
