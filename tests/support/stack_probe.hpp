// SPDX-License-Identifier: Apache-2.0
// How deep the stack is.
#pragma once

#include <algorithm>
#include <cstdint>

namespace charkha::test {

/// The address of this call's stack frame.
[[gnu::noinline]] inline std::uintptr_t stack_address() noexcept {
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

/// The span between the deepest and the highest point that was looked at.
class stack_span {
 public:
  void look() noexcept {
    const auto here = stack_address();
    lowest_ = std::min(lowest_, here);
    highest_ = std::max(highest_, here);
  }
  [[nodiscard]] std::uintptr_t bytes() const noexcept { return highest_ < lowest_ ? 0 : highest_ - lowest_; }

 private:
  std::uintptr_t lowest_ = UINTPTR_MAX;
  std::uintptr_t highest_ = 0;
};

}  // namespace charkha::test
