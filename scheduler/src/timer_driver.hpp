// SPDX-License-Identifier: Apache-2.0
// One timer wheel in meaning, one shard for each worker in memory: a worker arms in its own shard, any worker may
// collect any shard. Turns nanoseconds into ticks. See README.md, "Timers".
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "charkha/detail/ready_item.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "charkha/detail/timer_entry.hpp"
#include "timer_wheel.hpp"

namespace charkha::detail {

struct alignas(64) timer_shard {
  explicit timer_shard(std::uint64_t present) noexcept : wheel(present) {}
  mutable spin_lock lock;
  timer_wheel wheel CHARKHA_GUARDED_BY(lock);
  // Nanoseconds; a lower bound of the earliest deadline in the wheel. Written under the lock, read by anyone.
  std::atomic<std::int64_t> earliest{std::numeric_limits<std::int64_t>::max()};
};

/// A due entry on its way through the ready queue: with one worker, a timer takes the turn that asyncio's would.
class timer_hop final : public ready_item {
 public:
  explicit timer_hop(timer_entry& entry) noexcept : entry_(&entry) {}
  void run(worker_context& worker) noexcept override;
  void discard() noexcept override;
  /// The entry goes away before its turn.
  void forget() noexcept { entry_ = nullptr; }

  static void* operator new(std::size_t size);
  static void operator delete(void* hop, std::size_t size) noexcept;

 private:
  timer_entry* entry_;
};

class timer_driver {
 public:
  static constexpr std::int64_t tick_ns = 1000;
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  /// `hop`: due entries take a turn in the ready queue before they expire.
  timer_driver(std::size_t shards, std::int64_t now, bool hop);

  /// Arms `entry` on a shard. True: it is earlier than all others there, and its deadline is visible: the caller looks
  /// whether somebody sleeps past it. Callable by the shard's worker.
  [[nodiscard]] bool arm(std::size_t shard, timer_entry& entry, std::int64_t deadline) noexcept {
    timer_shard& home = *shards_[shard];
    entry.shard = &home;
    const spin_guard guard(home.lock);
    return insert(home, entry, deadline);
  }
  /// Takes `entry` back. After it returns, expire() has been called or will never be. True: it was armed and never will
  /// be. From any thread.
  static bool disarm(timer_entry& entry) noexcept {  // NOLINT(modernize-use-nodiscard)
    return entry.shard != nullptr && disarm(entry, [] {});
  }
  /// The same for an entry that has a shard; takes note of it under the lock, before anybody can find it taken back.
  template <class Note>
  static bool disarm(timer_entry& entry, Note&& note) noexcept {  // NOLINT(modernize-use-nodiscard)
    timer_shard& home = *entry.shard;
    const spin_guard guard(home.lock);
    note();
    return take_out(home, entry);
  }
  /// Gives `entry` its shard without arming it, for rearm().
  void place(std::size_t shard, timer_entry& entry) noexcept { entry.shard = shards_[shard].get(); }
  struct rearm_result {
    bool accepted = false;       // false: nothing was changed
    bool is_first = false;       // as arm()
    ready_item* item = nullptr;  // to be made ready, as expire_now()
  };
  /// Takes `entry`, which has a shard, back and arms it anew there: for a deadline in the future, at once, or not at
  /// all. Only if the entry accepts that. From any thread.
  [[nodiscard]] rearm_result rearm(timer_entry& entry, std::optional<std::int64_t> deadline, std::int64_t now) noexcept;
  /// Makes `entry` due now. What is to be made ready, or null.
  [[nodiscard]] ready_item* expire_now(std::size_t shard, timer_entry& entry) noexcept;

  /// Collects what is due by `now` on a shard; calls push(item) for each item to make ready, in order of the deadlines.
  /// How many it were. push is called under the shard's lock and must not come back here.
  template <class Push>
  std::size_t collect(std::size_t shard, std::int64_t now, Push&& push) {
    timer_shard& from = *shards_[shard];
    if (from.earliest.load(std::memory_order_relaxed) > now) return 0;
    std::size_t count = 0;
    timer_entry* unfinished = nullptr;
    {
      const spin_guard guard(from.lock);
      from.wheel.advance_to(tick_before(now), [&](timer_entry& entry) {
        const bool outlives = entry.outlives_expiry;
        ready_item* const item = due(entry);
        // Before it is pushed: who runs the item may free the entry.
        if (outlives && entry.unfinished) {
          entry.next = unfinished;
          unfinished = &entry;
        }
        if (item != nullptr) {
          push(*item);
          ++count;
        }
      });
      from.earliest.store(nanoseconds(from.wheel.next_expiry()), std::memory_order_release);
    }
    while (unfinished != nullptr) {
      timer_entry& entry = *unfinished;
      unfinished = std::exchange(entry.next, nullptr);
      entry.finish_expiry();
    }
    return count;
  }

  /// For a runtime that is torn down: takes one entry out, due or not. What is to be discarded; null when there is none
  /// left that has something to discard.
  [[nodiscard]] ready_item* take_any(std::size_t shard) noexcept;

  /// A lower bound of the earliest deadline on one shard, or on all; `never` if there is none.
  [[nodiscard]] std::int64_t earliest(std::size_t shard) const noexcept {
    return shards_[shard]->earliest.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::int64_t earliest() const noexcept;
  [[nodiscard]] std::size_t shards() const noexcept { return count_; }
  /// Entries armed, over all shards. For tests and reports.
  [[nodiscard]] std::size_t armed() const noexcept;

 private:
  [[nodiscard]] ready_item* due(timer_entry& entry) const noexcept;
  static bool insert(timer_shard& home, timer_entry& entry, std::int64_t deadline) noexcept
      CHARKHA_REQUIRES(home.lock) {
    entry.tick = tick_after(deadline);
    home.wheel.insert(entry);
    if (deadline >= home.earliest.load(std::memory_order_relaxed)) [[likely]]
      return false;
    return show_earliest(home, entry.tick);
  }
  static bool show_earliest(timer_shard& home, std::uint64_t tick) noexcept CHARKHA_REQUIRES(home.lock);
  static bool take_out(timer_shard& home, timer_entry& entry) noexcept CHARKHA_REQUIRES(home.lock) {
    const bool armed = entry.next != nullptr;
    if (armed) home.wheel.remove(entry);
    if (entry.hop != nullptr) [[unlikely]]
      std::exchange(entry.hop, nullptr)->forget();
    return armed;
  }

  /// The tick at the clock's zero: deadlines before it, which are long past, keep their order too.
  static constexpr std::uint64_t zero_tick = std::uint64_t{1} << 40;

  static std::uint64_t tick_before(std::int64_t now) noexcept {
    return zero_tick + static_cast<std::uint64_t>(now / tick_ns);
  }
  /// Rounded up: never early.
  static std::uint64_t tick_after(std::int64_t deadline) noexcept {
    constexpr std::int64_t zero = static_cast<std::int64_t>(zero_tick) * tick_ns;
    return (static_cast<std::uint64_t>(std::max(deadline, -zero)) + zero + (tick_ns - 1)) / tick_ns;
  }
  static std::int64_t nanoseconds(std::uint64_t tick) noexcept {
    if (tick >= zero_tick + static_cast<std::uint64_t>(never / tick_ns)) return never;
    return (static_cast<std::int64_t>(tick) - static_cast<std::int64_t>(zero_tick)) * tick_ns;
  }

  std::size_t count_;
  std::unique_ptr<std::unique_ptr<timer_shard>[]> shards_;
  bool hop_;
};

}  // namespace charkha::detail
