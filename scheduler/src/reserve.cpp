// SPDX-License-Identifier: Apache-2.0
#include "reserve.hpp"

#include <functional>
#include <new>
#include <thread>

#include "charkha/detail/spin_lock.hpp"

namespace charkha::detail {

namespace {

union block {
  block* next;
  alignas(std::max_align_t) std::byte memory[reserve::block_size];
};

// Needs nobody to make it, and is there until the program is gone.
struct block_list {
  spin_lock lock;
  block* free CHARKHA_GUARDED_BY(lock) = nullptr;
  std::size_t used CHARKHA_GUARDED_BY(lock) = 0;  // blocks that have been given out at least once
  block all[reserve::blocks];
};
constinit block_list blocks_left{};

block* take_block() noexcept {
  const spin_guard guard(blocks_left.lock);
  if (block* taken = blocks_left.free) {
    blocks_left.free = taken->next;
    return taken;
  }
  return blocks_left.used == reserve::blocks ? nullptr : &blocks_left.all[blocks_left.used++];
}

bool is_of_reserve(const void* memory) noexcept {
  const std::less<> before;
  return !before(memory, &blocks_left.all[0]) && before(memory, &blocks_left.all[reserve::blocks]);
}

}  // namespace

void* reserve::allocate(std::size_t size) {
  if (size > block_size) return ::operator new(size);
  for (;;) {
    if (void* memory = ::operator new(size, std::nothrow)) return memory;
    if (block* taken = take_block()) return taken;
    std::this_thread::yield();
  }
}

void reserve::deallocate(void* memory) noexcept {
  if (!is_of_reserve(memory)) {
    ::operator delete(memory);
    return;
  }
  const spin_guard guard(blocks_left.lock);
  auto* given = static_cast<block*>(memory);
  given->next = blocks_left.free;
  blocks_left.free = given;
}

}  // namespace charkha::detail
