// SPDX-License-Identifier: Apache-2.0
// All tasks of a runtime that still have a control block, in one list for each worker and one for foreign threads.
// Serves reports and shutdown, and tells when the last block is gone, which may be long after the runtime.
//
// A look at all tasks (pending_look) must not miss one because it was created behind its back: a task in a list that is
// yet to be visited may create one in a list that was visited, and end before its own turn comes. So the look has two
// parts: visit() goes through one list at a time, which may be long; visit_all() then holds the locks of all lists at
// once, in the order of their indexes, and takes what was added since.
//
// Claim: the look has found every task that is not complete at the instant when visit_all() holds all locks.
//   Numbers grow within a list, since blocks of numbers are drawn under its lock, and a task enters its list under the
//   same lock. Take a task that is listed and not complete at that instant. Either its number is greater than the newest
//   that visit() saw in its list: visit_all() takes it. Or it was in the list when visit() was there; it was not complete
//   then, since completion is for good, and so visit() took it.
// Corollary: if the look has found nothing, no task can come into being any more, but from outside. A task is listed
// before its creator goes on; had there been one that was not complete, it or its creator would have been found.
// What was found may have completed since, also before that instant.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
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

  /// The task with that number, also when it is complete; null if its block is gone.
  [[nodiscard]] intrusive_ptr<task_block> find(std::uint64_t number) const noexcept;

  /// Counts something that is no task and refers to the runtime, as add() does; what it gives goes to release().
  [[nodiscard]] std::uint8_t retain(std::size_t creator) noexcept;
  /// True: this was the last that referred to a closed registry.
  [[nodiscard]] bool release(std::uint8_t retained) noexcept;

  /// References to all tasks that are not complete, as a pending_look finds them: those of a list in the order of their
  /// creation. Throws std::bad_alloc.
  [[nodiscard]] std::vector<intrusive_ptr<task_block>> pending() const;

  /// From here on, add() refuses tasks from outside.
  void refuse_outside() noexcept;
  /// From here on, add() refuses all tasks.
  void refuse_all() noexcept;
  /// After refuse_all(). True: there is no block left. False: a later remove() will return true.
  [[nodiscard]] bool close() noexcept;

 private:
  friend class pending_look;
  friend class pending_walk;
  static constexpr std::uint64_t numbers_per_block = 64;

  enum class refusal : std::uint8_t { none, outside, all };

  struct alignas(64) shard {
    mutable spin_lock lock;
    task_block* first CHARKHA_GUARDED_BY(lock) = nullptr;
    std::size_t size CHARKHA_GUARDED_BY(lock) = 0;
    std::size_t retained CHARKHA_GUARDED_BY(lock) = 0;
    std::uint64_t next_number CHARKHA_GUARDED_BY(lock) = 0;
    std::uint64_t numbers_end CHARKHA_GUARDED_BY(lock) = 0;
    refusal refuses CHARKHA_GUARDED_BY(lock) = refusal::none;
    bool closed CHARKHA_GUARDED_BY(lock) = false;
  };

  std::array<shard, shard_count> shards_;
  std::atomic<std::uint64_t> next_number_{1};
  std::atomic<std::int64_t> left_{0};  // once closed: what is left, plus one while close() counts
};

/// One look at all pending tasks, in the steps that task_registry::pending() takes.
class pending_look {
 public:
  explicit pending_look(const task_registry& registry) noexcept : registry_(registry) {}

  /// Takes what is in one list and was not there at the last visit. Its lock is held for the length of the list.
  void visit(std::size_t shard);
  /// Takes what was added to any list since it was visited, all locks held. False: that was more than `room`, nothing
  /// was taken; visit again.
  [[nodiscard]] bool visit_all(std::size_t room) CHARKHA_NO_THREAD_SAFETY_ANALYSIS;

  [[nodiscard]] std::vector<intrusive_ptr<task_block>> take() noexcept { return std::move(found_); }

 private:
  const task_registry& registry_;
  std::vector<intrusive_ptr<task_block>> found_;
  std::array<std::uint64_t, task_registry::shard_count> newest_{};  // number of the newest task seen in each list
};

/// Visits all pending tasks one by one, those of a list in the order of their creation, and needs no memory for it. After
/// refuse_all(): a list that was visited gets no new ones.
class pending_walk {
 public:
  explicit pending_walk(const task_registry& registry) noexcept : registry_(registry) {}

  /// The next one that is not complete; null when there is none left.
  [[nodiscard]] intrusive_ptr<task_block> next() noexcept;

 private:
  const task_registry& registry_;
  std::size_t shard_ = 0;
  intrusive_ptr<task_block> here_;  // the last one, which keeps its place in the list
};

}  // namespace charkha::detail
