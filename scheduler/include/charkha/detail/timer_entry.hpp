// SPDX-License-Identifier: Apache-2.0
// Something that is to happen at a tick. Lives with the one who wants it to happen: in an awaiter, in a scope.
#pragma once

#include <cstdint>
#include <optional>

namespace charkha::detail {

class ready_item;
class timer_hop;
struct timer_shard;

class timer_entry {
 public:
  timer_entry(const timer_entry&) = delete;
  timer_entry& operator=(const timer_entry&) = delete;

  /// It is time. Called once, under the lock of the entry's shard: must not touch timers or run user code.
  /// Returns what is to be made ready, or null.
  [[nodiscard]] virtual ready_item* expire() noexcept = 0;
  /// Called after that, without the lock, if expire() set `unfinished`; until then the entry must stay alive.
  virtual void finish_expiry() noexcept {}

  /// May it be given another deadline (nanoseconds), or none? Called under the shard's lock: it takes note of it, too.
  [[nodiscard]] virtual bool accept_deadline(std::optional<std::int64_t> /*deadline*/) noexcept { return true; }

  // guarded by the lock of the shard; written by the wheel and the timer driver only
  timer_entry* next = nullptr;  // null: in no wheel
  timer_entry* previous = nullptr;
  std::uint64_t tick = 0;
  timer_shard* shard = nullptr;  // where it was armed or placed; null: never
  timer_hop* hop = nullptr;      // due, and on its way through the ready queue
  bool unfinished = false;
  std::uint8_t level = 0;
  std::uint8_t slot = 0;

  // Here they take no room of their own.
  /// Does what expire() returns take the turn that asyncio's timer handle would? Then no hop goes before it.
  const bool is_its_own_hop;
  /// Is it always disarmed before it dies? Only then may it be touched after expire(): a sleeping task that was made
  /// ready, or that had not finished suspending, may have ended on another worker by then.
  const bool outlives_expiry;

 protected:
  explicit timer_entry(bool disarmed_before_it_dies = false, bool its_own_hop = false) noexcept
      : is_its_own_hop(its_own_hop), outlives_expiry(disarmed_before_it_dies) {}
  ~timer_entry() = default;
};

}  // namespace charkha::detail
