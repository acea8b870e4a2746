// SPDX-License-Identifier: Apache-2.0
// The memory of this program: operator new, and what frames come from. One allocation of the calling thread
// can be told to fail, and what it has not given back is counted.
#pragma once

#include <cstdint>

namespace charkha::test {

class allocations {
 public:
  /// From now on: the `first`-th allocation of this thread fails, counted from 0, and `more` after it. Negative: none.
  static void fail(std::int64_t first, std::int64_t more) noexcept;
  /// Has one failed since then?
  [[nodiscard]] static bool failed() noexcept;
  /// By operator new, less what was given back, by this thread.
  [[nodiscard]] static std::int64_t live() noexcept;
};

}  // namespace charkha::test
