// SPDX-License-Identifier: Apache-2.0
// All tasks of a runtime that still have a control block, in one list for each worker and one for foreign threads.
// Serves reports and shutdown, and tells when the last block is gone, which may be long after the runtime.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "charkha/detail/task_block.hpp"

namespace charkha::detail {

class task_registry {
 public:
  static constexpr std::size_t shard_count = 16;

  /// Who creates a task: a worker, by its index, or somebody outside.
  static constexpr std::size_t outside = static_cast<std::size_t>(-1);

  /// Lists the task on the creator's shard and gives it a number. False: refused. Numbers come from blocks that are
  /// handed to one shard at a time, so that creating tasks writes no line that all workers share.
  [[nodiscard]] bool add(task_block& task, std::size_t creator) noexcept;

  /// True: this was the last block of a closed registry.
  [[nodiscard]] bool remove(task_block& task) noexcept;

  /// Counts something that is no task and refers to the runtime, as add() does; what it gives goes to release().
  [[nodiscard]] std::uint8_t retain(std::size_t creator) noexcept;
  /// True: this was the last that referred to a closed registry.
  [[nodiscard]] bool release(std::uint8_t retained) noexcept;

  /// References to all tasks that are not complete.
  [[nodiscard]] std::vector<intrusive_ptr<task_block>> pending() const;

  /// From here on, add() refuses tasks from outside.
  void refuse_outside() noexcept;
  /// From here on, add() refuses all tasks.
  void refuse_all() noexcept;
  /// After refuse_all(). True: there is no block left. False: a later remove() will return true.
  [[nodiscard]] bool close() noexcept;

 private:
  static constexpr std::uint64_t numbers_per_block = 64;

  struct alignas(64) shard {
    mutable spin_lock lock;
    task_block* first CHARKHA_GUARDED_BY(lock) = nullptr;
    std::size_t size CHARKHA_GUARDED_BY(lock) = 0;
    std::size_t retained CHARKHA_GUARDED_BY(lock) = 0;
    std::uint64_t next_number CHARKHA_GUARDED_BY(lock) = 0;
    std::uint64_t numbers_end CHARKHA_GUARDED_BY(lock) = 0;
    bool refuses_outside CHARKHA_GUARDED_BY(lock) = false;
    bool refuses_all CHARKHA_GUARDED_BY(lock) = false;
    bool closed CHARKHA_GUARDED_BY(lock) = false;
  };

  std::array<shard, shard_count> shards_;
  std::atomic<std::uint64_t> next_number_{1};
  std::atomic<std::int64_t> left_{0};  // once closed: what is left, plus one while close() counts
};

}  // namespace charkha::detail
