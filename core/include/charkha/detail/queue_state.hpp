// SPDX-License-Identifier: Apache-2.0
// A queue without its items: how many there are, who waits, who has been promised what.
//
// A waiting getter is not given an item but promised one: it takes the first when it resumes, and until then the item
// counts as in the queue. A waiting putter is promised a slot, and puts when it resumes. So the order of events is
// asyncio's, a cancelled waiter has nothing to give back but the promise, and nobody barges in.
//
// Invariants, under the lock, outside the functions here
//   U1  size + slots promised <= capacity;  items promised <= size (until shutdown(immediate) takes the items away)
//   U2  a getter waits => every item is promised;  a putter waits => every slot is taken or promised
//   U3  a joiner waits => unfinished > 0
//   U4  shut down => no putter waits; and no getter, once size is 0
#pragma once

#include <cstddef>

#include "charkha/detail/wait_queue.hpp"

namespace charkha::detail {

class queue_state {
 public:
  static constexpr std::size_t unbounded = static_cast<std::size_t>(-1);
  /// The gift of a waiter that may take or put; others are woken to find the queue shut down.
  static constexpr std::ptrdiff_t promise = 1;

  explicit queue_state(std::size_t maxsize) noexcept : capacity(maxsize == 0 ? unbounded : maxsize) {}

  /// Is there an item that nobody was promised?
  [[nodiscard]] bool has_item() const noexcept CHARKHA_REQUIRES(site.lock) { return size > items_promised; }
  /// Is there a slot that nobody was promised?
  [[nodiscard]] bool has_room() const noexcept CHARKHA_REQUIRES(site.lock) { return capacity - size > slots_promised; }

  /// An item was linked, or is about to be.
  void added(wake_list& woken) noexcept CHARKHA_REQUIRES(site.lock) {
    ++size;
    ++unfinished;
    settle(woken);
  }
  /// An item was taken out, or is about to be.
  void removed(wake_list& woken) noexcept CHARKHA_REQUIRES(site.lock) {
    --size;
    settle(woken);
  }
  /// Promises what there is to those who wait. After each change.
  void settle(wake_list& woken) noexcept CHARKHA_REQUIRES(site.lock) {
    if (!getters.empty() || !putters.empty()) promise_on(woken);
  }

  /// One item is dealt with. False: there was none.
  [[nodiscard]] bool finish_one() noexcept;
  /// The caller has linked the items away if it is immediate.
  void shut(bool immediate, wake_list& woken) noexcept CHARKHA_REQUIRES(site.lock);

  [[nodiscard]] std::size_t current_size() const noexcept {
    const spin_guard guard(site.lock);
    return size;
  }

  mutable wait_site site;
  const std::size_t capacity;
  std::size_t size CHARKHA_GUARDED_BY(site.lock) = 0;
  std::size_t items_promised CHARKHA_GUARDED_BY(site.lock) = 0;
  std::size_t slots_promised CHARKHA_GUARDED_BY(site.lock) = 0;
  std::size_t unfinished CHARKHA_GUARDED_BY(site.lock) = 0;
  bool is_shut CHARKHA_GUARDED_BY(site.lock) = false;
  wait_list getters CHARKHA_GUARDED_BY(site.lock);
  wait_list putters CHARKHA_GUARDED_BY(site.lock);
  wait_list joiners CHARKHA_GUARDED_BY(site.lock);

 private:
  void promise_on(wake_list& woken) noexcept CHARKHA_REQUIRES(site.lock);
};

[[noreturn]] void throw_queue_shutdown();
[[noreturn]] void throw_too_many_task_done();

/// Waits until every item was dealt with.
class [[nodiscard]] queue_join final : public queued_awaiter<queue_join> {
 public:
  explicit queue_join(queue_state& state) noexcept : queued_awaiter("queue join"), state_(state) {}
  queue_join(queue_join&&) noexcept = default;
  ~queue_join() { withdraw(); }
  void await_resume() { finish(); }

 private:
  friend queued_awaiter;
  [[nodiscard]] wait_site& site() const noexcept { return state_.site; }
  [[nodiscard]] bool enter(wake_list& /*woken*/) const noexcept CHARKHA_REQUIRES(state_.site.lock) {
    return state_.unfinished == 0;
  }
  [[nodiscard]] wait_list& line() const noexcept CHARKHA_REQUIRES(state_.site.lock) { return state_.joiners; }
  void leave(bool /*granted*/, wake_list& /*woken*/) const noexcept {}

  queue_state& state_;
};

}  // namespace charkha::detail
