// SPDX-License-Identifier: Apache-2.0
// One worker: its queues and the loop that serves them, as a step function. A thread calls steps(), which is step() until
// nothing is ready, in a loop; the simulation calls the steps of all workers in an order of its choosing, a test calls it
// by hand.
//
// A turn is asyncio's: what was ready when it began runs, what became ready meanwhile runs in the next. With one worker,
// injected work and due timers join the queue at the start of each turn. With several they do so after turn_limit items
// of whatever kind, and when there is nothing else to do.
//
// Order within a turn: the LIFO slot (at most slot_limit times in a row), fork work (at most fork_limit in a row while
// something is ready), ready work, oldest first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "charkha/detail/deque.hpp"
#include "charkha/detail/executor.hpp"

namespace charkha::detail {

class runtime_state;

enum class step_result : std::uint8_t {
  ran,      // did something, call again
  idle,     // found nothing; call again, perhaps after a pause
  park,     // block until unparked or until park_deadline(), then call unparked()
  stopped,  // the runtime is stopping: do not call again
};

/// A small generator for victims: xorshift64*.
class victim_random {
 public:
  explicit victim_random(std::uint64_t seed) noexcept : state_(seed * 0x9e37'79b9'7f4a'7c15U | 1U) {}
  [[nodiscard]] std::uint64_t operator()() noexcept {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545'f491'4f6c'dd1dU;
  }

 private:
  std::uint64_t state_;
};

class alignas(64) worker final : public worker_context {
 public:
  static constexpr std::int64_t turn_limit = 61;  // items between two looks at timers and outside work
  static constexpr std::int64_t seen_limit = 8;   // fewer items before a look: it takes the time that one of them read
  static constexpr unsigned slot_limit = 3;       // items in a row from the LIFO slot
  static constexpr std::int64_t fork_limit = 64;  // children of when_all in a row, while something is ready
  static constexpr std::int64_t steal_limit =
      16;  // items of the ready queue that come along with the one that a raid takes

  /// `alone`: there is no other worker.
  worker(runtime_state& runtime, std::size_t index, std::uint64_t seed, bool alone);

  // this worker's thread only

  [[nodiscard]] step_result step() noexcept;
  /// Steps until nothing is ready here.
  [[nodiscard]] step_result steps() noexcept;
  /// After a park that ended: by a token, or because the deadline came.
  /// False: the token is still on its way, park again.
  [[nodiscard]] bool unparked(bool by_token) noexcept;
  /// Nanoseconds; how long the last `park` may last at most.
  [[nodiscard]] std::int64_t park_deadline() const noexcept { return park_deadline_; }

  /// Queues an item here.
  void enqueue(ready_item& item, ready_kind kind) noexcept override;

  /// For a runtime that is torn down.
  void discard_all() noexcept;

  // What the clock read when a step of this worker read it last, since its last look at the timers.
  static constexpr std::int64_t unseen = std::numeric_limits<std::int64_t>::min();
  std::int64_t time_seen = unseen;

  // What the registry counts for this worker and nothing refers to at present, see runtime_state::retain().
  static constexpr unsigned most_spare = 64;
  unsigned spare_retentions = 0;
  std::uint8_t spare_shard = 0;

  // any thread

  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] bool has_visible_work() const noexcept { return !ready_.empty() || !forks.empty(); }

 private:
  [[nodiscard]] inline ready_item* next_item() noexcept;
  [[nodiscard]] ready_item* next_in_slot() noexcept;
  [[nodiscard]] ready_item* next_child() noexcept;
  inline void run_item(ready_item& item) noexcept;
  inline void run_own(ready_item& item) noexcept;
  void wake_thieves() noexcept override;
  void put(ready_item& item) noexcept;
  [[gnu::noinline]] void put_outside(ready_item& item) noexcept;
  inline void begin_turn() noexcept;
  void look_around() noexcept;
  [[gnu::noinline]] void take_injected() noexcept;
  inline void take_due() noexcept;
  [[nodiscard]] std::size_t collect_timers(std::size_t shard, std::int64_t now) noexcept;
  [[nodiscard]] step_result search() noexcept;
  [[nodiscard]] ready_item* raid() noexcept;
  [[nodiscard]] ready_item* steal_from(worker& victim) noexcept;
  void end_search() noexcept;
  [[nodiscard]] step_result park() noexcept;

  runtime_state& runtime_;
  const std::size_t index_;
  const bool alone_;
  victim_random random_;
  ready_item* slot_ = nullptr;   // the LIFO slot: woken here, runs next; thieves do not see it
  std::int64_t turn_left_ = 0;   // ready items of this turn that have not run
  unsigned slot_run_ = 0;        // items in a row from the LIFO slot
  std::int64_t fork_run_ = 0;    // children in a row
  std::int64_t forks_cut_ = 0;   // of this item's fork_credit, what it may not use
  std::int64_t since_look_ = 0;  // items of any kind since the timers were looked at
  unsigned rounds_ = 0;          // rounds of this search that found nothing
  bool searching_ = false;       // counted as searching in the idle set
  std::int64_t park_deadline_ = 0;

  deque<ready_item> ready_;  // this worker's thread pushes, thieves steal
};

}  // namespace charkha::detail
