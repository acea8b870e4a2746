// SPDX-License-Identifier: Apache-2.0
#include "worker.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "charkha/detail/fork_scope.hpp"
#include "runtime_state.hpp"

namespace charkha::detail {

worker::worker(runtime_state& runtime, std::size_t index, std::uint64_t seed, bool alone)
    : worker_context(runtime, !alone),
      runtime_(runtime),
      index_(index),
      alone_(alone),
      random_(seed + index),
      ready_(256, 0, !alone) {}

[[gnu::always_inline]] inline void worker::run_item(ready_item& item) noexcept {
  fork_credit = fork_limit;
  forks_cut_ = 0;
  if (runtime_.debug()) [[unlikely]] {
    runtime_.run_watched(item, *this);
  } else {
    item.run(*this);
  }
  if (fork_credit == fork_limit) [[likely]]
    return;
  const std::int64_t followed = fork_limit - forks_cut_ - std::max(fork_credit, std::int64_t{0});
  since_look_ += followed;
  fork_run_ += followed;
}

inline void worker::run_own(ready_item& item) noexcept {
  if (searching_) [[unlikely]]
    end_search();
  run_item(item);
}

[[gnu::always_inline]] inline void worker::take_due() noexcept {
  const std::int64_t items = std::exchange(since_look_, 0);
  const std::int64_t seen = std::exchange(time_seen, unseen);
  // Reading the clock costs as much as several switches: only when something is armed. After a few items a time that one
  // of them has read will do: it is never early, and what has come due since is seen at the next look.
  const std::int64_t earliest = runtime_.timers().earliest(index_);
  if (earliest == timer_driver::never) return;
  const std::int64_t now = seen != unseen && items < seen_limit ? seen : runtime_.now();
  if (now < earliest) return;
  const std::size_t arrived = collect_timers(index_, now);
  if (arrived > 0 && (slot_ != nullptr || ready_.size() > 1)) runtime_.wake_for_work();
}

[[gnu::always_inline]] inline void worker::begin_turn() noexcept {
  if (!runtime_.injected().empty()) take_injected();
  // With several workers a look at the timers each turn_limit items is enough, unless there is nothing else to do.
  if (alone_ || (ready_.size() <= 0 && forks.size() <= 0)) take_due();
  const std::int64_t size = ready_.size();
  turn_left_ = alone_ ? size : std::min(size, turn_limit);
}

[[gnu::always_inline]] inline ready_item* worker::next_item() noexcept {
  if (++since_look_ > turn_limit && !alone_) [[unlikely]]
    look_around();
  if (slot_ != nullptr) {
    if (ready_item* item = next_in_slot()) return item;
  }
  if (turn_left_ <= 0) begin_turn();
  if (!forks.empty()) [[unlikely]] {
    if (ready_item* child = next_child()) return child;
  }
  fork_run_ = 0;
  if (turn_left_ > 0) [[likely]] {
    --turn_left_;
    slot_run_ = 0;
    if (ready_item* item = ready_.take()) [[likely]]
      return item;
    turn_left_ = 0;  // thieves were faster
  }
  if (forked_task* child = forks.pop()) return child;
  return std::exchange(slot_, nullptr);  // a timer that fired at the start of this turn may have woken a task
}

step_result worker::step() noexcept {
  if (runtime_.stopping()) return step_result::stopped;
  if (ready_item* item = next_item()) {
    run_own(*item);
    return step_result::ran;
  }
  return search();
}

step_result worker::steps() noexcept {
  while (!runtime_.stopping()) {
    ready_item* item = next_item();
    if (item == nullptr) return search();
    run_own(*item);
  }
  return step_result::stopped;
}

void worker::discard_all() noexcept {
  if (slot_ != nullptr) std::exchange(slot_, nullptr)->discard();
  while (ready_item* item = ready_.take()) item->discard();
  while (forked_task* child = forks.pop()) child->discard();
}

ready_item* worker::next_in_slot() noexcept {
  ready_item* item = std::exchange(slot_, nullptr);
  if (++slot_run_ <= slot_limit) return item;
  slot_run_ = 0;
  enqueue(*item, ready_kind::yielded);
  return nullptr;
}

ready_item* worker::next_child() noexcept {
  if (fork_run_ >= fork_limit) return nullptr;
  ++fork_run_;
  return forks.pop();
}

void worker::look_around() noexcept {
  take_injected();
  take_due();
}

void worker::take_injected() noexcept {
  // Not more than a turn's worth, so that one of several workers does not take all that the others could do.
  const auto limit = alone_ ? std::numeric_limits<std::int64_t>::max() : turn_limit;
  std::size_t arrived = 0;
  for (std::int64_t i = 0; i < limit; ++i) {
    ready_item* item = runtime_.injected().try_pop();
    if (item == nullptr) break;
    if (!ready_.try_push(item)) [[unlikely]] {
      runtime_.injected().push(item);
      break;
    }
    ++arrived;
  }
  if (arrived > 1) runtime_.wake_for_work();
}

std::size_t worker::collect_timers(std::size_t shard, std::int64_t now) noexcept {
  return runtime_.timers().collect(shard, now, [this](ready_item& item) { put(item); });
}

void worker::enqueue(ready_item& item, ready_kind kind) noexcept {
  if (alone_) {
    put(item);
    return;
  }
  // A woken task runs next on this worker, behind others that were woken before it.
  if (kind == ready_kind::woken && slot_ == nullptr && ready_.size() <= 0) {
    slot_ = &item;
    forks_cut_ += std::exchange(fork_credit, 0);  // it is next
    return;
  }
  put(item);
  // One item that the worker itself will take next is not worth waking anybody.
  if (kind == ready_kind::created || slot_ != nullptr || ready_.size() > 1) runtime_.wake_for_work();
}

void worker::put(ready_item& item) noexcept {
  if (!ready_.try_push(&item)) [[unlikely]]
    put_outside(item);
}

// Without memory for a larger ring it goes to where work from outside is, which has a reserve.
void worker::put_outside(ready_item& item) noexcept { runtime_.injected().push(&item); }

void worker::wake_thieves() noexcept { runtime_.wake_for_work(); }

step_result worker::search() noexcept {
  if (!searching_) {
    rounds_ = 0;
    if (alone_ || !runtime_.idle().try_begin_search()) return park();
    searching_ = true;
  }
  if (ready_item* item = raid()) {
    end_search();
    run_item(*item);
    return step_result::ran;
  }
  if (++rounds_ < runtime_.search_rounds()) return step_result::idle;
  return park();
}

// One look at everything outside this worker's own queues.
ready_item* worker::raid() noexcept {
  if (ready_item* item = runtime_.injected().try_pop()) return item;
  const std::size_t count = runtime_.worker_count();
  const std::size_t first = random_() % count;
  for (std::size_t i = 0; i < count; ++i) {
    worker& victim = runtime_.worker_at((first + i) % count);
    if (&victim == this) continue;
    if (ready_item* item = steal_from(victim)) return item;
  }
  if (runtime_.timers().earliest() != timer_driver::never) {
    const std::int64_t now = runtime_.now();
    for (std::size_t i = 0; i < count; ++i) static_cast<void>(collect_timers(i, now));
    if (slot_ != nullptr) return std::exchange(slot_, nullptr);
    return ready_.take();
  }
  return nullptr;
}

ready_item* worker::steal_from(worker& victim) noexcept {
  if (runtime_.steal_loses()) [[unlikely]]
    return nullptr;
  ready_item* first = nullptr;
  steal_result result;
  do {
    result = victim.ready_.steal(first);
  } while (result == steal_result::lost_race);
  if (result == steal_result::stolen) {
    // Half of what is left comes along: the next raid is then somebody else's.
    for (std::int64_t more = std::min(victim.ready_.size() / 2, steal_limit); more > 0; --more) {
      ready_item* item = nullptr;
      if (victim.ready_.steal(item) != steal_result::stolen) break;
      put(*item);
    }
    return first;
  }
  forked_task* child = nullptr;
  do {
    result = victim.forks.steal(child);
  } while (result == steal_result::lost_race);
  return result == steal_result::stolen ? child : nullptr;
}

void worker::end_search() noexcept {
  searching_ = false;
  const bool last = runtime_.idle().end_search();
  if (!runtime_.idle().any_parked()) return;
  // [search-end] whoever pushed while this worker searched woke nobody: the last searcher makes good for it, by looking
  // at all queues after it stopped being counted.
  if (last && runtime_.has_visible_work()) runtime_.wake_for_work();
  // This worker may have been the keeper.
  runtime_.wake_for_deadline(runtime_.timers().earliest());
}

step_result worker::park() noexcept {
  assert(slot_ == nullptr && "a worker with a task in its slot must not park: nobody else can see it");
  idle_set& idle = runtime_.idle();
  const bool keeper = idle.announce(index_, std::exchange(searching_, false));
  park_deadline_ = idle_set::never;
  if (keeper) {
    park_deadline_ = runtime_.timers().earliest();
    idle.set_keeper_deadline(index_, park_deadline_);
  }
  const bool due = park_deadline_ != idle_set::never && park_deadline_ <= runtime_.now();
  if (due || runtime_.has_visible_work() || runtime_.stopping()) {
    // If somebody took this worker out of the list meanwhile, his token is on its way and ends the park at once.
    if (idle.retract(index_)) {
      searching_ = true;
      rounds_ = 0;
      return step_result::idle;
    }
  }
  return step_result::park;
}

bool worker::unparked(bool by_token) noexcept {
  if (!by_token && !runtime_.idle().retract(index_)) {
    park_deadline_ = idle_set::never;
    return false;
  }
  searching_ = true;
  rounds_ = 0;
  return true;
}

}  // namespace charkha::detail
