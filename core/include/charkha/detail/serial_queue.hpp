// SPDX-License-Identifier: Apache-2.0
// Items that run one after another, in the order in which they came, on whichever worker has time: the callbacks of one
// future, the tasks of one strand.
//
//   push(item) -> the queue itself goes into a ready queue, once for each item: a turn
//   a worker takes a turn: due 0 -> 1  it serves the queue: runs the oldest item for each turn that has come, until
//                                      due is 0 again
//                          due n -> n+1  somebody serves it already, and takes this turn too
//
// Hence at most one item runs at a time, and each runs once (Q1: items in the list >= turns in ready queues + due). With
// one worker each turn runs its own item: items keep the places that they would have had in the ready queue.
#pragma once

#include <atomic>
#include <cstdint>

#include "charkha/detail/ready_item.hpp"
#include "charkha/detail/spin_lock.hpp"

namespace charkha::detail {

class executor;

/// Something that waits for its turn in a serial queue; in at most one at a time.
class serial_item {
 public:
  serial_item(const serial_item&) = delete;
  serial_item& operator=(const serial_item&) = delete;

  /// Called once for each push, with nothing of the library locked.
  virtual void run_serially(worker_context& worker) noexcept = 0;
  /// Called instead when the runtime is torn down.
  virtual void discard_serially() noexcept = 0;

 protected:
  serial_item() noexcept = default;
  ~serial_item() = default;

 private:
  friend class serial_queue;
  serial_item* next_ = nullptr;  // guarded by the queue's lock
};

class serial_queue final : public ready_item {
 public:
  explicit serial_queue(executor& runtime) noexcept : runtime_(runtime) {}

  /// Appends an item. The caller makes what is returned ready, once. From any thread.
  [[nodiscard]] ready_item* push(serial_item& item) noexcept;

  /// Is the calling worker's present item one of this queue's?
  [[nodiscard]] bool is_served_by(const worker_context& worker) const noexcept {
    return served_by_.load(std::memory_order_relaxed) == &worker;
  }

  void run(worker_context& worker) noexcept override;
  void discard() noexcept override;

  [[nodiscard]] executor& runtime() const noexcept { return runtime_; }

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept;

  static void* operator new(std::size_t size);
  static void operator delete(void* queue, std::size_t size) noexcept;

 private:
  static constexpr unsigned serve_limit = 61;  // items in a row; then whatever else the worker has comes first

  /// Goes on with serving the queue after a pause.
  struct relay final : ready_item {
    explicit relay(serial_queue& owner) noexcept : queue(owner) {}
    void run(worker_context& worker) noexcept override { queue.serve(worker); }
    void discard() noexcept override;
    serial_queue& queue;
  };

  ~serial_queue() = default;
  [[nodiscard]] serial_item* pop() noexcept;
  void serve(worker_context& worker) noexcept;

  executor& runtime_;
  spin_lock lock_;
  serial_item* oldest_ CHARKHA_GUARDED_BY(lock_) = nullptr;
  serial_item* newest_ CHARKHA_GUARDED_BY(lock_) = nullptr;
  std::atomic<std::uint64_t> due_{0};
  std::atomic<std::uint32_t> references_{1};
  std::atomic<const worker_context*> served_by_{nullptr};
  relay relay_{*this};
};

/// The queue in `place`, made there by whoever needs it first. Throws std::bad_alloc.
[[nodiscard]] serial_queue& first_queue(std::atomic<serial_queue*>& place, executor& runtime);

}  // namespace charkha::detail
