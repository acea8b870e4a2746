// SPDX-License-Identifier: Apache-2.0
#include "idle_set.hpp"

#include <algorithm>

namespace charkha::detail {

idle_set::idle_set(std::size_t workers) : workers_(workers) { list_.reserve(workers); }

bool idle_set::try_begin_search() noexcept {
  auto word = word_.load(std::memory_order_relaxed);
  do {
    if (2 * std::size_t{static_cast<std::uint32_t>(word)} >= workers_) return false;
  } while (
      !word_.compare_exchange_weak(word, word + one_searching, std::memory_order_seq_cst, std::memory_order_relaxed));
  return true;
}

bool idle_set::end_search() noexcept {
  // [search-end] sequentially consistent: whoever pushed and saw this worker searching pushed before this; the last
  // searcher's look at the queues comes after.
  return static_cast<std::uint32_t>(word_.fetch_sub(one_searching, std::memory_order_seq_cst)) == 1;
}

bool idle_set::announce(std::size_t worker, bool was_searching) noexcept {
  const spin_guard guard(lock_);
  // A keeper that nobody gave a deadline sleeps past every timer: this worker takes the office over.
  const bool keeper = list_.empty() || keeper_deadline_.load(std::memory_order_relaxed) == never;
  list_.insert(keeper ? list_.begin() : list_.end(), worker);
  // Until the keeper has looked at the timers, every new one is earlier than his deadline.
  if (keeper) keeper_deadline_.store(never, std::memory_order_seq_cst);  // [arm-park]
  // [push-park] sequentially consistent: announced before the worker looks at the queues once more.
  word_.fetch_add(one_parked - (was_searching ? one_searching : 0), std::memory_order_seq_cst);
  return keeper;
}

bool idle_set::retract(std::size_t worker) noexcept {
  const spin_guard guard(lock_);
  const auto found = std::find(list_.begin(), list_.end(), worker);
  if (found == list_.end()) return false;
  take_out(static_cast<std::size_t>(found - list_.begin()));
  return true;
}

void idle_set::set_keeper_deadline(std::size_t worker, std::int64_t deadline) noexcept {
  const spin_guard guard(lock_);
  if (list_.empty() || list_.front() != worker) return;
  keeper_deadline_.store(deadline, std::memory_order_seq_cst);  // [arm-park]
}

std::size_t idle_set::pick_for_work() noexcept {
  if (!wants_work()) return nobody;
  const spin_guard guard(lock_);
  if (list_.empty() || static_cast<std::uint32_t>(word_.load(std::memory_order_relaxed)) != 0) return nobody;
  const auto worker = list_.back();
  take_out(list_.size() - 1);
  return worker;
}

std::size_t idle_set::pick_for_deadline(std::int64_t deadline) noexcept {
  // [arm-park] sequentially consistent: the timer is visible before this look at the keeper's deadline.
  if (keeper_deadline_.load(std::memory_order_seq_cst) <= deadline) return nobody;
  const spin_guard guard(lock_);
  if (list_.empty() || keeper_deadline_.load(std::memory_order_relaxed) <= deadline) return nobody;
  const auto keeper = list_.front();
  take_out(0);
  return keeper;
}

void idle_set::take_out(std::size_t position) noexcept {
  const bool keeper = position == 0;
  list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(position));
  word_.fetch_add(one_searching - one_parked, std::memory_order_seq_cst);
  if (!keeper) return;
  // The next in the list sleeps without a deadline: keeper in name, until the worker that left finds other work and
  // picks him for the next deadline, or a worker that parks takes the office over.
  keeper_deadline_.store(list_.empty() ? no_keeper : never, std::memory_order_seq_cst);
}

}  // namespace charkha::detail
