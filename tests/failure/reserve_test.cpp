// SPDX-License-Identifier: Apache-2.0
// The memory for what must not fail, when the heap has nothing left.
#include "reserve.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

#include "failure/allocations.hpp"

using charkha::detail::reserve;
using charkha::test::allocations;

namespace {

// In its lifetime every allocation of this thread fails.
class no_memory final {
 public:
  no_memory() noexcept { allocations::fail(0, std::numeric_limits<std::int64_t>::max() - 1); }
  ~no_memory() { allocations::fail(-1, 0); }
  no_memory(const no_memory&) = delete;
  no_memory& operator=(const no_memory&) = delete;
};

}  // namespace

TEST_CASE("without memory there are so many blocks, each whole and to itself, again and again") {
  std::vector<void*> given(reserve::blocks);
  for (int round = 0; round < 2; ++round) {
    {
      const no_memory now;
      for (auto& each : given) {
        each = reserve::allocate(reserve::block_size);
        std::memset(each, round + 1, reserve::block_size);
      }
    }
    auto sorted = given;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      CHECK(static_cast<std::byte*>(sorted[i]) - static_cast<std::byte*>(sorted[i - 1]) >=
            static_cast<std::ptrdiff_t>(reserve::block_size));
    }
    for (void* each : given) reserve::deallocate(each);
  }
}

TEST_CASE("whoever finds the reserve used up goes on when a block comes back") {
  std::vector<void*> given(reserve::blocks);
  {
    const no_memory now;
    for (auto& each : given) each = reserve::allocate(1);
  }
  std::atomic<bool> asks{false};
  void* late = nullptr;
  std::thread other([&] {
    const no_memory now;
    asks = true;
    late = reserve::allocate(1);
  });
  while (!asks) std::this_thread::yield();
  reserve::deallocate(given.back());
  other.join();
  CHECK(late == given.back());
  given.back() = late;
  for (void* each : given) reserve::deallocate(each);
}

TEST_CASE("with memory the reserve is left alone") {
  void* const from_heap = reserve::allocate(reserve::block_size);
  CHECK(from_heap != nullptr);
  std::vector<void*> given(reserve::blocks);
  {
    const no_memory now;
    for (auto& each : given) each = reserve::allocate(1);  // all of them are there
  }
  for (void* each : given) reserve::deallocate(each);
  reserve::deallocate(from_heap);
}
