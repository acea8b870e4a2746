// SPDX-License-Identifier: Apache-2.0
// Blocking functions that wait for a thread, first in first out. Any of them can be taken out. Not thread-safe: the
// owner has a lock, and drops the references that it gets from here after unlocking.
#pragma once

#include <cstddef>

#include "charkha/detail/blocking_job.hpp"
#include "charkha/detail/intrusive_ptr.hpp"

namespace charkha::detail {

class job_queue {
 public:
  job_queue() noexcept = default;
  job_queue(const job_queue&) = delete;
  job_queue& operator=(const job_queue&) = delete;
  /// When it is empty.
  ~job_queue() = default;

  /// Holds a reference to the job until it is taken out.
  void push(blocking_job& job) noexcept {
    job.add_reference();
    job.queued_ = true;
    job.previous_ = newest_;
    job.next_ = nullptr;
    (newest_ != nullptr ? newest_->next_ : oldest_) = &job;
    newest_ = &job;
    ++size_;
  }

  /// The reference that the queue held; null if the job is not in the queue.
  [[nodiscard]] intrusive_ptr<blocking_job> remove(blocking_job& job) noexcept {
    if (!job.queued_) return {};
    (job.previous_ != nullptr ? job.previous_->next_ : oldest_) = job.next_;
    (job.next_ != nullptr ? job.next_->previous_ : newest_) = job.previous_;
    job.next_ = job.previous_ = nullptr;
    job.queued_ = false;
    --size_;
    return intrusive_ptr<blocking_job>::adopt(job);
  }

  /// The oldest job; null if there is none.
  [[nodiscard]] intrusive_ptr<blocking_job> take() noexcept {
    return oldest_ != nullptr ? remove(*oldest_) : intrusive_ptr<blocking_job>();
  }
  /// The job that `index` others came before. index < size().
  [[nodiscard]] intrusive_ptr<blocking_job> take(std::size_t index) noexcept {
    blocking_job* job = oldest_;
    for (; index > 0; --index) job = job->next_;
    return remove(*job);
  }

  [[nodiscard]] bool empty() const noexcept { return oldest_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  blocking_job* oldest_ = nullptr;
  blocking_job* newest_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace charkha::detail
