// SPDX-License-Identifier: Apache-2.0
#include "task_registry.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace charkha::detail {

bool task_registry::add(task_block& task, std::size_t creator) noexcept {
  const std::size_t index = (creator + 1) % shard_count;  // outside is shard 0
  shard& home = shards_[index];
  const spin_guard guard(home.lock);
  if (home.refuses != refusal::none && (home.refuses == refusal::all || creator == outside)) return false;
  task.shard_ = static_cast<std::uint8_t>(index);
  if (home.next_number == home.numbers_end) {
    // One at a time from outside, so that a program's first task is Task-1 and the first that it creates Task-2.
    const std::uint64_t count = creator == outside ? 1 : numbers_per_block;
    home.next_number = next_number_.fetch_add(count, std::memory_order_relaxed);
    home.numbers_end = home.next_number + count;
  }
  task.number = home.next_number++;
  task.previous_ = nullptr;
  task.next_ = home.first;
  if (home.first != nullptr) home.first->previous_ = &task;
  home.first = &task;
  ++home.size;
  return true;
}

bool task_registry::remove(task_block& task) noexcept {
  shard& home = shards_[task.shard_];
  bool closed = false;
  {
    const spin_guard guard(home.lock);
    (task.previous_ != nullptr ? task.previous_->next_ : home.first) = task.next_;
    if (task.next_ != nullptr) task.next_->previous_ = task.previous_;
    --home.size;
    closed = home.closed;
  }
  return closed && left_.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

intrusive_ptr<task_block> task_registry::find(std::uint64_t number) const noexcept {
  for (const shard& home : shards_) {
    const spin_guard guard(home.lock);
    task_block* task = home.first;
    while (task != nullptr && task->number > number) task = task->next_;  // newest first
    if (task == nullptr || task->number != number) continue;
    return task->try_add_reference() ? intrusive_ptr<task_block>::adopt(*task) : intrusive_ptr<task_block>();
  }
  return {};
}

std::uint8_t task_registry::retain(std::size_t creator) noexcept {
  const std::size_t index = (creator + 1) % shard_count;
  const spin_guard guard(shards_[index].lock);
  ++shards_[index].retained;
  return static_cast<std::uint8_t>(index);
}

bool task_registry::release(std::uint8_t retained) noexcept {
  shard& home = shards_[retained];
  bool closed = false;
  {
    const spin_guard guard(home.lock);
    --home.retained;
    closed = home.closed;
  }
  return closed && left_.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

std::vector<intrusive_ptr<task_block>> task_registry::pending() const {
  pending_look look(*this);
  std::size_t room = 64;
  do {
    for (std::size_t index = 0; index < shard_count; ++index) look.visit(index);
    room *= 2;  // grows, so that it ends however fast tasks are created
  } while (!look.visit_all(room));
  return look.take();
}

void pending_look::visit(std::size_t shard) {
  const auto& home = registry_.shards_[shard];
  std::vector<intrusive_ptr<task_block>> fresh;
  for (;;) {
    std::size_t wanted = 0;
    {
      const spin_guard guard(home.lock);
      wanted = home.size;
      if (wanted <= fresh.capacity()) {
        task_block* task = home.first;
        const std::uint64_t seen = newest_[shard];
        if (task != nullptr) newest_[shard] = std::max(seen, task->number);
        for (; task != nullptr && task->number > seen; task = task->next_) {
          // A task that is not complete is held by the runtime, so this is never the first reference again.
          if (!task->is_complete() && task->try_add_reference()) {
            fresh.push_back(intrusive_ptr<task_block>::adopt(*task));
          }
        }
        break;
      }
    }
    fresh.reserve(wanted + wanted / 4);  // not under the lock
  }
  found_.insert(found_.end(), std::make_move_iterator(fresh.rbegin()), std::make_move_iterator(fresh.rend()));
}

bool pending_look::visit_all(std::size_t room) {
  found_.reserve(found_.size() + room);  // not under the locks
  for (const auto& home : registry_.shards_) home.lock.lock();
  std::size_t added = 0;
  for (std::size_t shard = 0; shard < task_registry::shard_count && added <= room; ++shard) {
    const task_block* task = registry_.shards_[shard].first;
    for (; task != nullptr && task->number > newest_[shard] && added <= room; task = task->next_) ++added;
  }
  for (std::size_t shard = 0; shard < task_registry::shard_count && added <= room; ++shard) {
    const auto begin = static_cast<std::ptrdiff_t>(found_.size());
    for (task_block* task = registry_.shards_[shard].first; task != nullptr && task->number > newest_[shard];
         task = task->next_) {
      if (!task->is_complete() && task->try_add_reference()) found_.push_back(intrusive_ptr<task_block>::adopt(*task));
    }
    std::reverse(found_.begin() + begin, found_.end());  // oldest first
  }
  for (const auto& home : registry_.shards_) home.lock.unlock();
  return added <= room;
}

intrusive_ptr<task_block> pending_walk::next() noexcept {
  for (; shard_ < task_registry::shard_count; ++shard_) {
    const auto& home = registry_.shards_[shard_];
    intrusive_ptr<task_block> found;
    {
      const spin_guard guard(home.lock);
      task_block* task = here_ ? here_->previous_ : home.first;
      if (!here_) {  // to the oldest
        while (task != nullptr && task->next_ != nullptr) task = task->next_;
      }
      while (task != nullptr && (task->is_complete() || !task->try_add_reference())) task = task->previous_;
      if (task != nullptr) found = intrusive_ptr<task_block>::adopt(*task);
    }
    here_ = found;  // drops the last one, without the lock
    if (found) return found;
  }
  return {};
}

void task_registry::refuse_outside() noexcept {
  shard& home = shards_[0];
  const spin_guard guard(home.lock);
  if (home.refuses == refusal::none) home.refuses = refusal::outside;
}

void task_registry::refuse_all() noexcept {
  for (shard& home : shards_) {
    const spin_guard guard(home.lock);
    home.refuses = refusal::all;
  }
}

bool task_registry::close() noexcept {
  left_.store(1, std::memory_order_relaxed);
  for (shard& home : shards_) {
    const spin_guard guard(home.lock);
    home.closed = true;
    left_.fetch_add(static_cast<std::int64_t>(home.size + home.retained), std::memory_order_relaxed);
  }
  return left_.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

}  // namespace charkha::detail
