// SPDX-License-Identifier: Apache-2.0
#include "task_registry.hpp"

namespace charkha::detail {

bool task_registry::add(task_block& task, std::size_t creator) noexcept {
  const std::size_t index = (creator + 1) % shard_count;  // outside is shard 0
  shard& home = shards_[index];
  const spin_guard guard(home.lock);
  if (home.refuses_all || (home.refuses_outside && creator == outside)) return false;
  task.shard_ = static_cast<std::uint8_t>(index);
  if (home.next_number == home.numbers_end) {
    // One at a time from outside, so that a program's first task is Task-1 and the first that it creates Task-2.
    const std::uint64_t count = creator == outside ? 1 : numbers_per_block;
    home.next_number = next_number_.fetch_add(count, std::memory_order_relaxed);
    home.numbers_end = home.next_number + count;
  }
  task.number_ = home.next_number++;
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
  std::vector<intrusive_ptr<task_block>> tasks;
  for (const shard& home : shards_) {
    std::vector<intrusive_ptr<task_block>> found;
    for (;;) {
      std::size_t wanted = 0;
      {
        const spin_guard guard(home.lock);
        wanted = home.size;
        if (wanted <= found.capacity()) {
          for (task_block* task = home.first; task != nullptr; task = task->next_) {
            // A task that is not complete is held by the runtime, so this is never the first reference again.
            if (!task->is_complete() && task->try_add_reference()) {
              found.push_back(intrusive_ptr<task_block>::adopt(*task));
            }
          }
          break;
        }
      }
      found.reserve(wanted + wanted / 4);  // not under the lock
    }
    for (auto task = found.rbegin(); task != found.rend(); ++task) tasks.push_back(std::move(*task));
  }
  return tasks;
}

void task_registry::refuse_outside() noexcept {
  shard& home = shards_[0];
  const spin_guard guard(home.lock);
  home.refuses_outside = true;
}

void task_registry::refuse_all() noexcept {
  for (shard& home : shards_) {
    const spin_guard guard(home.lock);
    home.refuses_all = true;
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
