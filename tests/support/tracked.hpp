// SPDX-License-Identifier: Apache-2.0
// A value that counts how many of it are alive.
#pragma once

namespace charkha::test {

class tracked {
 public:
  explicit tracked(int number = 0) noexcept : value(number) { ++alive; }
  tracked(const tracked& other) noexcept : value(other.value) {
    ++alive;
    ++copies;
  }
  tracked(tracked&& other) noexcept : value(other.value) {
    other.value = -1;
    ++alive;
  }
  tracked& operator=(const tracked&) = default;
  tracked& operator=(tracked&&) = default;
  ~tracked() { --alive; }

  static void reset() noexcept { alive = copies = 0; }

  int value;
  inline static int alive = 0;
  inline static int copies = 0;
};

}  // namespace charkha::test
