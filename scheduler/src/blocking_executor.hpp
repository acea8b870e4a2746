// SPDX-License-Identifier: Apache-2.0
// Where blocking functions run: a pool of threads, or a simulation's own thread between two steps.
#pragma once

#include "charkha/detail/blocking_job.hpp"

namespace charkha::detail {

/// Every function may be called from any thread that the implementation allows. Lives as long as the runtime's state.
class blocking_executor {
 public:
  virtual ~blocking_executor() = default;
  blocking_executor(const blocking_executor&) = delete;
  blocking_executor& operator=(const blocking_executor&) = delete;

  /// Queues the job, which will be run and delivered, or failed and delivered; jobs begin in the order in which they
  /// came. False: closed, the job was not taken.
  [[nodiscard]] virtual bool submit(blocking_job& job) noexcept = 0;
  /// Takes a submitted job back. False: too late, it began to run, or was dropped.
  [[nodiscard]] virtual bool withdraw(blocking_job& job) noexcept = 0;

 protected:
  blocking_executor() noexcept = default;
};

}  // namespace charkha::detail
