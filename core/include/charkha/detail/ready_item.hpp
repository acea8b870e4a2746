// SPDX-License-Identifier: Apache-2.0
// What a worker's queues hold: something that can be run once. A task waiting for its turn is one; so is the hop that
// a combinator takes before it wakes its awaiter.
#pragma once

namespace charkha::detail {

class worker_context;

/// An item is in at most one queue at a time; whoever takes it out owns it and runs it exactly once.
class ready_item {
 public:
  ready_item(const ready_item&) = delete;
  ready_item& operator=(const ready_item&) = delete;

  /// Called by a worker, with nothing of the library locked.
  virtual void run(worker_context& worker) noexcept = 0;

  /// Called instead of run() when the runtime is torn down with the item still queued. Items that own themselves free
  /// themselves; tasks are left to the runtime.
  virtual void discard() noexcept {}

 protected:
  ready_item() noexcept = default;
  ~ready_item() = default;
};

}  // namespace charkha::detail
