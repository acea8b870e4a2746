// SPDX-License-Identifier: Apache-2.0
// barrier: a fixed number of tasks wait for each other, round after round.
//
//   filling --the last party arrives--> draining --all have left--> filling
//      |  ^                               |  |
//      |  '--------- all have left -------|--|------ resetting <--reset() while parties are inside-- (any)
//      '--------------- abort() ----------'--'------> broken --reset()--> filling, or resetting first
//
// Invariants, under the lock
//   B1  count_ = parties that have entered and not left, cancelled ones included until they have run
//   B2  somebody waits inside => filling; somebody waits outside => draining or resetting
//   B3  in a round that is released each party gets another index: waiting ones in their order, the last one parties - 1
#pragma once

#include <cstddef>
#include <cstdint>

#include "charkha/broken_barrier_error.hpp"
#include "charkha/coro.hpp"
#include "charkha/detail/wait_queue.hpp"

namespace charkha {

class barrier;

namespace detail {

enum class barrier_state : std::uint8_t { filling, draining, resetting, broken };

/// One attempt to take part in a round.
class [[nodiscard]] barrier_wait final : public queued_awaiter<barrier_wait> {
 public:
  static constexpr std::ptrdiff_t again = -1;

  explicit barrier_wait(barrier& owner) noexcept : queued_awaiter("barrier"), owner_(owner) {}
  barrier_wait(barrier_wait&&) noexcept = default;
  ~barrier_wait() { withdraw(); }

  /// The index, or `again`: this waited outside while the last round drained, and may try once more.
  std::ptrdiff_t await_resume();

 private:
  friend queued_awaiter;
  friend barrier;
  [[nodiscard]] wait_site& site() const noexcept;
  [[nodiscard]] bool enter(wake_list& woken) noexcept;
  [[nodiscard]] wait_list& line() const noexcept;
  void arrive(wake_list& woken) noexcept;
  void leave(bool granted, wake_list& woken) const noexcept;

  barrier& owner_;
  std::ptrdiff_t index_ = again;
  bool inside_ = false;
  bool broken_ = false;
};

}  // namespace detail

/// Lets tasks wait for each other: each round begins when as many tasks wait as the barrier has parties. As
/// `asyncio.Barrier`.
///
/// Belongs to the first runtime whose task has to wait for it; a wait from another one throws usage_error. The other functions
/// may be called from any thread. Must outlive those who wait.
class barrier {
 public:
  /// `parties` tasks make a round: 1 or more, else std::invalid_argument is thrown.
  explicit barrier(std::ptrdiff_t parties);
  barrier(const barrier&) = delete;
  barrier& operator=(const barrier&) = delete;

  /// Waits until all parties are here and gives this task's index in the round, from 0 to parties() - 1, each once. The
  /// last one to come does not suspend. Who comes while a round still drains (not all have resumed) takes part in the
  /// next. Resumes on the worker of the last one to come. A cancelled task leaves: the others still need one more;
  /// throws cancelled_error. Throws broken_barrier_error when the barrier is aborted, or reset meanwhile.
  [[nodiscard]] coro<std::ptrdiff_t> wait();

  /// Back to an empty barrier that is not broken. Those who are inside get broken_barrier_error.
  void reset() noexcept;
  /// Breaks the barrier: those who wait and those who come get broken_barrier_error, until reset().
  void abort() noexcept;

  [[nodiscard]] std::ptrdiff_t parties() const noexcept { return parties_; }
  /// How many wait for the round to begin at this moment.
  [[nodiscard]] std::ptrdiff_t n_waiting() const noexcept;
  /// Is it broken at this moment?
  [[nodiscard]] bool broken() const noexcept;

 private:
  friend detail::barrier_wait;
  using state = detail::barrier_state;

  void release_round(detail::wake_list& woken) noexcept CHARKHA_REQUIRES(site_.lock);
  void left(detail::wake_list& woken) noexcept CHARKHA_REQUIRES(site_.lock);

  mutable detail::wait_site site_;
  const std::ptrdiff_t parties_;
  state state_ CHARKHA_GUARDED_BY(site_.lock) = state::filling;
  std::ptrdiff_t count_ CHARKHA_GUARDED_BY(site_.lock) = 0;
  detail::wait_list inside_ CHARKHA_GUARDED_BY(site_.lock);
  detail::wait_list outside_ CHARKHA_GUARDED_BY(site_.lock);
};

}  // namespace charkha
