// SPDX-License-Identifier: Apache-2.0
// A hierarchical timing wheel (Varghese and Lauck, SOSP 1987). Counts ticks and knows no clock; not thread-safe.
//
//   level  one slot is      the level reaches
//     0    1 tick           64 ticks
//     1    64 ticks         4,096 ticks
//     2    4,096 ticks      262,144 ticks
//    ...
//    10    2^60 ticks       2^64 ticks: every deadline there is
//
// An entry is on the level of the highest base-64 digit in which its tick differs from the present. Hence:
// I1: every entry on level L is later than every entry on the levels below L.
// I2: on each level all entries are in slots above the present's digit, so the lowest occupied slot is the earliest.
// So the next thing to happen is in the lowest occupied slot of the lowest occupied level. When the present reaches
// that slot its entries are due (level 0) or move down (a cascade); an entry moves at most ten times in its life.
//
// Most timers are time-outs, and most time-outs are cancelled soon. So the last `young_limit` entries that came stand in
// a row, and get their place when others push them out, or when the present moves: whoever is taken back before has
// cost a link in a list.
// I3: every young entry came after all that have a place, and they get theirs in the order in which they came.
//
// Promises: an entry is collected when the present is at its tick or later, never before. Entries come out in the order
// of their ticks, and for the same tick in the order in which they were inserted. Insert and remove are O(1).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "charkha/detail/timer_entry.hpp"

namespace charkha::detail {

/// `Bits`: base-2 logarithm of the number of slots on a level, at most 6; tests use less.
template <unsigned Bits = 6>
class basic_timer_wheel {
 public:
  using tick = std::uint64_t;
  static constexpr tick never = std::numeric_limits<tick>::max();
  static constexpr std::uint32_t young_limit = 1U << Bits;

  explicit basic_timer_wheel(tick present = 0) noexcept : present_(present) {}
  basic_timer_wheel(const basic_timer_wheel&) = delete;
  basic_timer_wheel& operator=(const basic_timer_wheel&) = delete;

  [[nodiscard]] tick present() const noexcept { return present_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Puts `entry`, which is in no wheel, in at its tick. A tick that is not in the future is due at once.
  void insert(timer_entry& entry) noexcept {
    ++size_;
    if (young_size_ == young_limit) [[unlikely]]
      place_oldest();
    ++young_size_;
    entry.level = young_level;
    append(young_, entry);
  }

  /// Takes `entry`, which is in this wheel, out.
  void remove(timer_entry& entry) noexcept {
    --size_;
    if (entry.level == young_level) {
      --young_size_;
      static_cast<void>(unlink(young_, entry));
    } else {
      displace(entry);
    }
  }

  /// Some entry that is in, or null.
  [[nodiscard]] timer_entry* any() const noexcept {
    if (young_.newest != nullptr) return young_.newest;
    if (due_.newest != nullptr || levels_used_ == 0) return due_.newest;
    const auto level = static_cast<std::size_t>(std::countr_zero(levels_used_));
    return levels_[level].slots[first_slot(level)].newest;
  }

  /// A lower bound of the earliest tick, exact if nothing was removed; `never` if it is empty.
  [[nodiscard]] tick next_expiry() const noexcept {
    tick least = next_of_placed();
    const timer_entry* young = young_.newest;
    for (auto left = young_size_; left > 0; --left, young = young->previous) least = std::min(least, young->tick);
    return std::max(least, present_);
  }

  /// Moves the present on to `now` and calls expire(entry), in order, for each entry that is due; it is out of the wheel
  /// by then. A `now` in the past collects what was due when it was inserted. expire must not call the wheel.
  template <class Expire>
  void advance_to(tick now, Expire&& expire) {
    while (young_size_ != 0) place_oldest();
    collect(expire);
    while (levels_used_ != 0) {
      const auto level = static_cast<std::size_t>(std::countr_zero(levels_used_));
      const auto index = first_slot(level);
      const tick start = slot_start(level, index);
      if (start > now) break;
      present_ = start;
      cascade(level, index);
      collect(expire);
    }
    present_ = std::max(present_, now);
  }

 private:
  static constexpr std::size_t slot_count = std::size_t{1} << Bits;
  static constexpr std::size_t level_count = (64 + Bits - 1) / Bits;
  static constexpr std::uint8_t due_level = 0xff, young_level = 0xfe;

  /// Circular and doubly linked: newest->next is the oldest.
  struct entry_list {
    timer_entry* newest = nullptr;
  };
  struct slot : entry_list {
    tick earliest = never;  // a lower bound: removing an entry leaves it
  };
  struct level_slots {
    std::uint64_t used = 0;  // a bit for each slot that is not empty
    std::array<slot, slot_count> slots;
  };

  [[nodiscard]] std::size_t first_slot(std::size_t level) const noexcept {
    return static_cast<std::size_t>(std::countr_zero(levels_[level].used));
  }

  /// The tick at which the present reaches the slot: digits above the level as they are now, digits below zero.
  [[nodiscard]] tick slot_start(std::size_t level, std::size_t index) const noexcept {
    const auto shift = level * Bits;
    const auto above = shift + Bits >= 64 ? 0 : (present_ >> (shift + Bits)) << (shift + Bits);
    return above | (static_cast<tick>(index) << shift);
  }

  [[nodiscard]] tick next_of_placed() const noexcept {
    if (due_.newest != nullptr) return present_;
    if (levels_used_ == 0) return never;
    const auto level = static_cast<std::size_t>(std::countr_zero(levels_used_));
    return levels_[level].slots[first_slot(level)].earliest;
  }

  [[gnu::noinline]] void place_oldest() noexcept {
    timer_entry& oldest = *young_.newest->next;
    --young_size_;
    static_cast<void>(unlink(young_, oldest));
    place(oldest);
  }

  void place(timer_entry& entry) noexcept {
    if (entry.tick <= present_) {
      entry.level = due_level;
      append_by_tick(entry);
      return;
    }
    const auto highest = static_cast<std::size_t>(63 - std::countl_zero(entry.tick ^ present_));
    const auto level = highest / Bits;
    const auto index = static_cast<std::size_t>(entry.tick >> (level * Bits)) & (slot_count - 1);
    entry.level = static_cast<std::uint8_t>(level);
    entry.slot = static_cast<std::uint8_t>(index);
    auto& place = levels_[level].slots[index];
    append(place, entry);
    place.earliest = std::min(place.earliest, entry.tick);
    levels_[level].used |= std::uint64_t{1} << index;
    levels_used_ |= 1U << level;
  }

  static void append(entry_list& list, timer_entry& entry) noexcept {
    if (list.newest == nullptr) {
      entry.next = entry.previous = &entry;
    } else {
      link_after(*list.newest, entry);
    }
    list.newest = &entry;
  }

  static void link_after(timer_entry& before, timer_entry& entry) noexcept {
    entry.previous = &before;
    entry.next = before.next;
    before.next->previous = &entry;
    before.next = &entry;
  }

  // Deadlines that were past when they came: few, and wanted in order.
  void append_by_tick(timer_entry& entry) noexcept {
    timer_entry* after = due_.newest;
    if (after == nullptr || after->tick <= entry.tick) {
      append(due_, entry);
      return;
    }
    do {
      after = after->previous;
    } while (after != due_.newest && after->tick > entry.tick);
    link_after(*after, entry);  // after == newest here: it becomes the oldest, since the list is circular
  }

  /// True: the list is empty now.
  static bool unlink(entry_list& list, timer_entry& entry) noexcept {
    const bool only = entry.next == &entry;
    if (only) {
      list.newest = nullptr;
    } else {
      entry.previous->next = entry.next;
      entry.next->previous = entry.previous;
      if (list.newest == &entry) list.newest = entry.previous;
    }
    entry.next = nullptr;
    return only;
  }

  /// Takes an entry that has a place out.
  [[gnu::noinline]] void displace(timer_entry& entry) noexcept {
    if (entry.level == due_level) {
      static_cast<void>(unlink(due_, entry));
    } else if (unlink(levels_[entry.level].slots[entry.slot], entry)) {
      clear(entry.level, entry.slot);
    }
  }

  void clear(std::size_t level, std::size_t index) noexcept {
    levels_[level].slots[index].earliest = never;
    levels_[level].used &= ~(std::uint64_t{1} << index);
    if (levels_[level].used == 0) levels_used_ &= ~(1U << level);
  }

  void cascade(std::size_t level, std::size_t index) noexcept {
    timer_entry* newest = levels_[level].slots[index].newest;
    levels_[level].slots[index].newest = nullptr;
    clear(level, index);
    timer_entry* entry = newest->next;
    newest->next = nullptr;
    while (entry != nullptr) {
      timer_entry* next = entry->next;
      place(*entry);
      entry = next;
    }
  }

  template <class Expire>
  void collect(Expire& expire) {
    while (due_.newest != nullptr) {
      timer_entry& oldest = *due_.newest->next;
      --size_;
      static_cast<void>(unlink(due_, oldest));
      expire(oldest);
    }
  }

  tick present_;
  std::size_t size_ = 0;
  entry_list young_;
  std::uint32_t young_size_ = 0;
  std::uint32_t levels_used_ = 0;  // a bit for each level that is not empty
  entry_list due_;
  std::array<level_slots, level_count> levels_;
};

using timer_wheel = basic_timer_wheel<>;

}  // namespace charkha::detail
