// SPDX-License-Identifier: Apache-2.0
#include "timer_driver.hpp"

#include <algorithm>
#include <new>

#include "charkha/detail/executor.hpp"
#include "charkha/detail/frame_pool.hpp"

namespace charkha::detail {

timer_driver::timer_driver(std::size_t shards, std::int64_t now, bool hop)
    : count_(shards), shards_(std::make_unique<std::unique_ptr<timer_shard>[]>(shards)), hop_(hop) {
  for (std::size_t i = 0; i < shards; ++i) {
    shards_[i] = std::make_unique<timer_shard>(tick_before(now));
  }
}

bool timer_driver::show_earliest(timer_shard& home, std::uint64_t tick) noexcept {
  const std::int64_t visible = nanoseconds(tick);
  if (visible >= home.earliest.load(std::memory_order_relaxed)) return false;
  // [arm-park] sequentially consistent: visible before the caller looks at the keeper's deadline.
  home.earliest.store(visible, std::memory_order_seq_cst);
  return true;
}

timer_driver::rearm_result timer_driver::rearm(timer_entry& entry, std::optional<std::int64_t> deadline,
                                               std::int64_t now) noexcept {
  rearm_result result;
  bool unfinished = false;
  {
    timer_shard& home = *entry.shard;
    const spin_guard guard(home.lock);
    if (!entry.accept_deadline(deadline)) return result;
    result.accepted = true;
    static_cast<void>(take_out(home, entry));
    if (deadline && *deadline <= now) {
      result.item = due(entry);
      unfinished = entry.unfinished;
    } else if (deadline) {
      result.is_first = insert(home, entry, *deadline);
    }
  }
  if (unfinished) entry.finish_expiry();
  return result;
}

ready_item* timer_driver::expire_now(std::size_t shard, timer_entry& entry) noexcept {
  entry.shard = shards_[shard].get();
  ready_item* item = nullptr;
  {
    const spin_guard guard(entry.shard->lock);
    item = due(entry);
  }
  if (entry.outlives_expiry && entry.unfinished) entry.finish_expiry();
  return item;
}

ready_item* timer_driver::take_any(std::size_t shard) noexcept {
  timer_shard& from = *shards_[shard];
  for (;;) {
    timer_entry* unfinished = nullptr;
    ready_item* item = nullptr;
    {
      const spin_guard guard(from.lock);
      timer_entry* entry = from.wheel.any();
      if (entry == nullptr) return nullptr;
      from.wheel.remove(*entry);
      const bool outlives = entry->outlives_expiry;
      item = due(*entry);
      if (outlives && entry->unfinished) unfinished = entry;
    }
    if (unfinished != nullptr) unfinished->finish_expiry();
    if (item != nullptr) return item;
  }
}

ready_item* timer_driver::due(timer_entry& entry) const noexcept {
  if (hop_ && !entry.is_its_own_hop) {
    try {
      auto* hop = new timer_hop(entry);
      entry.hop = hop;
      return hop;
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): without memory the timer is a turn early
    }
  }
  return entry.expire();
}

std::int64_t timer_driver::earliest() const noexcept {
  std::int64_t least = never;
  for (std::size_t i = 0; i < count_; ++i) {
    // [arm-park] sequentially consistent: the keeper has announced himself before he looks.
    least = std::min(least, shards_[i]->earliest.load(std::memory_order_seq_cst));
  }
  return least;
}

std::size_t timer_driver::armed() const noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const spin_guard guard(shards_[i]->lock);
    count += shards_[i]->wheel.size();
  }
  return count;
}

void timer_hop::run(worker_context& worker) noexcept {
  timer_entry* entry = entry_;
  delete this;
  if (entry == nullptr) return;
  entry->hop = nullptr;
  const bool outlives = entry->outlives_expiry;
  ready_item* item = entry->expire();
  if (outlives && entry->unfinished) entry->finish_expiry();
  if (item != nullptr) worker.owner.make_ready(*item, ready_kind::woken);
}

void timer_hop::discard() noexcept {
  if (entry_ != nullptr) entry_->hop = nullptr;
  delete this;
}

void* timer_hop::operator new(std::size_t size) { return allocate_frame(size); }
void timer_hop::operator delete(void* hop, std::size_t size) noexcept { deallocate_frame(hop, size); }

}  // namespace charkha::detail
