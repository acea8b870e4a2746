// SPDX-License-Identifier: Apache-2.0
// Coordinates idle workers: who searches for work, who is parked, who watches the timers. The protocol and its proof
// sketch are in README.md, "Sleep and wake".
//
// One word holds two counts, so that one load answers "is there anybody to wake, and need I?":
//   bits 0..31  searching: workers that look for work outside their own queues
//   bits 32..63 parked: workers in the list below
// It is written when a worker starts or ends a search, parks or is unparked: never while all workers have work.
//
// I1: a worker is in the list iff it is counted as parked; whoever takes it out counts it as searching and unparks it,
//     or is that worker itself.
// I2: if a worker is in the list, one in the list is the keeper, whose park ends at keeper_deadline() at the latest.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "charkha/detail/spin_lock.hpp"

namespace charkha::detail {

class idle_set {
 public:
  static constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  /// Workers are known by their index. Throws std::bad_alloc.
  explicit idle_set(std::size_t workers);

  /// May the worker search? At most half of the workers do at a time, and always one.
  [[nodiscard]] bool try_begin_search() noexcept;
  /// The searching worker found something. True: it was the last one searching, see README.md.
  [[nodiscard]] bool end_search() noexcept;

  /// Step 1 of parking: enters the list, ends the search if the worker was searching. True: it is now the keeper and
  /// must set_keeper_deadline().
  [[nodiscard]] bool announce(std::size_t worker, bool was_searching) noexcept CHARKHA_EXCLUDES(lock_);
  /// The worker changed its mind, or its park timed out. True: it is out of the list and counted as searching. False:
  /// somebody took it out already, and its token is there or on its way.
  [[nodiscard]] bool retract(std::size_t worker) noexcept CHARKHA_EXCLUDES(lock_);
  /// The keeper's park ends at `deadline`. Does nothing if the worker is not the keeper any more.
  void set_keeper_deadline(std::size_t worker, std::int64_t deadline) noexcept CHARKHA_EXCLUDES(lock_);

  /// The look with which pick_for_work() begins: is somebody parked, and nobody searching?
  [[nodiscard]] bool wants_work() const noexcept {
    // [push-park] sequentially consistent: the work is visible before this look at who is parked.
    const auto word = word_.load(std::memory_order_seq_cst);
    return (word >> 32) != 0 && static_cast<std::uint32_t>(word) == 0;
  }
  /// After work was made visible: whom the caller must unpark, or nobody. Takes him out of the list and counts him as
  /// searching. Nobody if someone is searching already.
  [[nodiscard]] std::size_t pick_for_work() noexcept CHARKHA_EXCLUDES(lock_);
  /// After a timer was made visible that is earlier than all others on its shard: the keeper, if he would sleep past
  /// it, or nobody.
  [[nodiscard]] std::size_t pick_for_deadline(std::int64_t deadline) noexcept CHARKHA_EXCLUDES(lock_);

  /// Is anybody parked? A hint.
  [[nodiscard]] bool any_parked() const noexcept { return (word_.load(std::memory_order_relaxed) >> 32) != 0; }
  [[nodiscard]] std::size_t searching() const noexcept {
    return static_cast<std::uint32_t>(word_.load(std::memory_order_relaxed));
  }

 private:
  static constexpr std::uint64_t one_searching = 1, one_parked = std::uint64_t{1} << 32;
  static constexpr std::int64_t no_keeper = std::numeric_limits<std::int64_t>::min();

  void take_out(std::size_t position) noexcept CHARKHA_REQUIRES(lock_);

  // any thread
  alignas(64) std::atomic<std::uint64_t> word_{0};
  std::atomic<std::int64_t> keeper_deadline_{no_keeper};
  const std::size_t workers_;

  alignas(64) spin_lock lock_;
  std::vector<std::size_t> list_ CHARKHA_GUARDED_BY(lock_);  // the keeper, if any, is first
};

}  // namespace charkha::detail
