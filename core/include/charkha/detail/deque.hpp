// SPDX-License-Identifier: Apache-2.0
// A growing work-stealing deque of pointers (Chase and Lev, "Dynamic circular work-stealing deque", SPAA 2005; memory
// orders after Le, Pop, Cohen and Zappa Nardelli, PPoPP 2013, with sequentially consistent accesses in place of their
// fences, which ThreadSanitizer cannot see and which cost more here).
//
// One owner, any number of thieves:
//   owner   push() at the bottom; pop() from the bottom (newest first: the fork deque) or take() from the top (oldest
//           first: the ready queue)
//   thief   steal() from the top
// An item is given out exactly once.
//
// Fields and their writers
//   bottom_   owner. Index after the newest item.
//   top_      whoever takes the oldest item, by compare-exchange. Only grows, so no index ever comes back.
//   ring_     owner. Old rings are kept until the deque dies: a thief may still be reading one.
// Indexes are 64 bit and signed: at a thousand million items a second they last for 292 years.
// I1: top_ <= bottom_ whenever the owner is not inside pop().
// I2: slots [top_, bottom_) of the current ring hold the items; the owner never overwrites a slot in that range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "charkha/detail/atomics.hpp"

namespace charkha::detail {

enum class steal_result : std::uint8_t { stolen, empty, lost_race };

template <class T, class Atomics = std_atomics>
class deque {
 public:
  /// `capacity`, a power of two, and the first index can be chosen small and near a limit by tests. `has_thieves`: is
  /// there anybody who may call steal()? An owner without thieves pays for no ordering.
  explicit deque(std::size_t capacity = 256, std::int64_t first_index = 0, bool has_thieves = true)
      : top_(first_index), bottom_(first_index), has_thieves_(has_thieves) {
    rings_.push_back(std::make_unique<ring>(capacity));
    ring_.store(rings_.back().get(), std::memory_order_relaxed);
  }
  deque(const deque&) = delete;
  deque& operator=(const deque&) = delete;

  // owner only

  /// Makes room for so many items. Throws std::bad_alloc; then nothing has changed.
  void reserve(std::int64_t count) {
    const auto bottom = bottom_.load(std::memory_order_relaxed);
    if (ring_for(count, bottom) == nullptr) [[unlikely]]
      grow(bottom, count);
  }

  /// Throws as reserve().
  void push(T* item) {
    if (!try_push(item)) throw std::bad_alloc();
  }

  /// False: there is no memory for a larger ring.
  [[nodiscard]] bool try_push(T* item) noexcept {
    const auto bottom = bottom_.load(std::memory_order_relaxed);
    ring* const slots = ring_for(1, bottom);
    if (slots == nullptr) [[unlikely]]
      return try_push_growing(item);
    put(*slots, bottom, item);
    return true;
  }

  /// Pushes them in their order, all visible at once. Room for them was reserved, or is left by those that were popped.
  void push_reserved(std::span<T* const> items) noexcept {
    auto bottom = bottom_.load(std::memory_order_relaxed);
    ring& slots = *ring_.load(std::memory_order_relaxed);
    for (T* item : items) slots.slot(bottom++).store(item, std::memory_order_relaxed);
    publish(bottom);
  }

  /// The newest item, or null.
  [[nodiscard]] T* pop() noexcept {
    const auto bottom = bottom_.load(std::memory_order_relaxed) - 1;
    // top_ only grows: what looks empty is empty.
    if (bottom < top_.load(std::memory_order_relaxed)) return nullptr;
    ring* items = ring_.load(std::memory_order_relaxed);
    // [deque-last-item] all four accesses of both indexes in pop() and steal() are sequentially consistent: of an owner
    // who lowers the bottom and a thief who reads it, at least one sees what the other did.
    if (!has_thieves_) {
      bottom_.store(bottom, std::memory_order_relaxed);
      return items->slot(bottom).load(std::memory_order_relaxed);
    }
    bottom_.store(bottom, std::memory_order_seq_cst);
    auto top = top_.load(std::memory_order_seq_cst);
    if (top < bottom) return items->slot(bottom).load(std::memory_order_relaxed);
    T* item = nullptr;
    if (top == bottom &&
        top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) {
      item = items->slot(bottom).load(std::memory_order_relaxed);
    }
    bottom_.store(bottom + 1, std::memory_order_relaxed);
    return item;
  }

  /// The oldest item, or null.
  [[nodiscard]] T* take() noexcept {
    const auto bottom = bottom_.load(std::memory_order_relaxed);
    ring* items = ring_.load(std::memory_order_relaxed);
    auto top = top_.load(std::memory_order_relaxed);
    while (top < bottom) {
      // The owner is the only one who writes slots, so what it reads here is what it put in.
      T* item = items->slot(top).load(std::memory_order_relaxed);
      if (!has_thieves_) {
        top_.store(top + 1, std::memory_order_relaxed);
        return item;
      }
      // [deque-take] release: this slot may be overwritten after it was read.
      if (top_.compare_exchange_weak(top, top + 1, std::memory_order_release, std::memory_order_relaxed)) return item;
    }
    return nullptr;
  }

  [[nodiscard]] bool has_thieves() const noexcept { return has_thieves_; }

  /// How many items there are. Exact only if no thief is at work.
  [[nodiscard]] std::int64_t size() const noexcept {
    return bottom_.load(std::memory_order_relaxed) - top_.load(std::memory_order_relaxed);
  }

  // any thread

  /// Takes the oldest item. `lost_race`: somebody else took one meanwhile, there may be more.
  [[nodiscard]] steal_result steal(T*& item) noexcept {
    auto top = top_.load(std::memory_order_seq_cst);              // [deque-last-item]
    const auto bottom = bottom_.load(std::memory_order_seq_cst);  // [deque-last-item], acquires [deque-publish]
    if (top >= bottom) return steal_result::empty;
    // [deque-grow] acquire: the ring is filled before it can be found. It is at least as new as the bottom.
    T* candidate = ring_.load(std::memory_order_acquire)->slot(top).load(std::memory_order_relaxed);
    // [deque-take] release: the slot may be overwritten after it was read. Sequentially consistent for
    // [deque-last-item].
    if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) {
      return steal_result::lost_race;
    }
    item = candidate;
    return steal_result::stolen;
  }

  /// Does it look empty? Exact in the sense of [push-park]: a worker that has announced that it parks, and then finds
  /// this empty, is seen by whoever pushes later.
  [[nodiscard]] bool empty() const noexcept {
    const auto top = top_.load(std::memory_order_seq_cst);
    return top >= bottom_.load(std::memory_order_seq_cst);  // [push-park]
  }

 private:
  using slot_type = typename Atomics::template atomic<T*>;

  struct ring {
    explicit ring(std::size_t capacity)
        : mask(static_cast<std::int64_t>(capacity) - 1), slots(std::make_unique<slot_type[]>(capacity)) {}
    slot_type& slot(std::int64_t index) noexcept { return slots[static_cast<std::size_t>(index & mask)]; }
    std::int64_t mask;
    std::unique_ptr<slot_type[]> slots;
  };

  void publish(std::int64_t bottom) noexcept {
    if (!has_thieves_) {
      bottom_.store(bottom, std::memory_order_relaxed);
      return;
    }
    // [deque-publish] release: the items are in their slots, and what they point to is written, before a thief sees the
    // new bottom. Sequentially consistent for [push-park]: a pusher then looks for parked workers.
    bottom_.store(bottom, std::memory_order_seq_cst);
  }

  /// The ring, if it has room for so many more; else null.
  [[nodiscard]] ring* ring_for(std::int64_t count, std::int64_t bottom) const noexcept {
    // [deque-take] acquire: whoever took the slot's last item has read it.
    const auto top = top_.load(std::memory_order_acquire);
    ring* slots = ring_.load(std::memory_order_relaxed);
    return bottom + count - 1 - top > slots->mask ? nullptr : slots;
  }

  [[gnu::noinline]] void grow(std::int64_t bottom, std::int64_t by) {
    while (ring_for(by, bottom) == nullptr) grow(bottom);
  }
  void grow(std::int64_t bottom) {
    ring& old = *ring_.load(std::memory_order_relaxed);
    rings_.reserve(rings_.size() + 1);
    rings_.push_back(std::make_unique<ring>(2 * static_cast<std::size_t>(old.mask + 1)));
    ring* larger = rings_.back().get();
    for (auto index = top_.load(std::memory_order_relaxed); index != bottom; ++index) {
      larger->slot(index).store(old.slot(index).load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    ring_.store(larger, std::memory_order_release);  // [deque-grow]
  }

  [[gnu::noinline]] bool try_push_growing(T* item) noexcept {
    const auto bottom = bottom_.load(std::memory_order_relaxed);
    try {
      grow(bottom);
    } catch (const std::bad_alloc&) {
      return false;
    }
    put(*ring_.load(std::memory_order_relaxed), bottom, item);
    return true;
  }

  void put(ring& slots, std::int64_t bottom, T* item) noexcept {
    slots.slot(bottom).store(item, std::memory_order_relaxed);
    publish(bottom + 1);
  }

  // thieves and owner
  alignas(64) typename Atomics::template atomic<std::int64_t> top_;
  // owner; thieves read
  alignas(64) typename Atomics::template atomic<std::int64_t> bottom_;
  typename Atomics::template atomic<ring*> ring_{nullptr};
  const bool has_thieves_;
  // owner only
  std::vector<std::unique_ptr<ring>> rings_;
};

}  // namespace charkha::detail
