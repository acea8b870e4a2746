// SPDX-License-Identifier: Apache-2.0
#include "accesses.hpp"

#include <array>
#include <atomic>
#include <cstddef>

namespace charkha::bench {

namespace {

constexpr std::size_t most_threads = 256;
constexpr std::size_t lines_known = std::size_t{1} << 20;  // two lines may share a place, and then one is forgotten

struct alignas(64) counters {
  std::atomic<std::uint64_t> read_modify_writes{0}, ordered_stores{0}, taken_lines{0};
};
std::array<counters, most_threads> of_threads;
std::atomic<std::size_t> threads{0};
std::array<std::atomic<std::uint64_t>, lines_known>
    last_writers;  // the line's number, and in the lowest byte the thread

std::size_t here() noexcept {
  thread_local const std::size_t index = threads.fetch_add(1, std::memory_order_relaxed) % most_threads;
  return index;
}

// Only its own thread writes a counter.
void count(std::atomic<std::uint64_t>& counter) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

accesses accesses::so_far() noexcept {
  accesses sum;
  for (const auto& each : of_threads) {
    sum.read_modify_writes += each.read_modify_writes.load(std::memory_order_relaxed);
    sum.ordered_stores += each.ordered_stores.load(std::memory_order_relaxed);
    sum.taken_lines += each.taken_lines.load(std::memory_order_relaxed);
  }
  return sum;
}

void accesses::read_modify_write(const volatile void* at) noexcept {
  count(of_threads[here()].read_modify_writes);
  write(at);
}

void accesses::ordered_store(const volatile void* at) noexcept {
  count(of_threads[here()].ordered_stores);
  write(at);
}

void accesses::write(const volatile void* at) noexcept {
  const std::uint64_t line = reinterpret_cast<std::uintptr_t>(at) / 64;
  auto& place = last_writers[(line * 0x9e37'79b9'7f4a'7c15U) >> 44];
  const std::uint64_t mine = line << 8 | here();
  const std::uint64_t last = place.load(std::memory_order_relaxed);
  if (last == mine) return;
  if (last >> 8 == line) count(of_threads[here()].taken_lines);
  place.store(mine, std::memory_order_relaxed);
}

}  // namespace charkha::bench
