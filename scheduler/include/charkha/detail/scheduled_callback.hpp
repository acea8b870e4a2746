// SPDX-License-Identifier: Apache-2.0
// A function that is to be called in a later turn, or when a timer expires.
//
// state bits: cancelled, armed (the timer was), expired.
// On a worker, `armed` is set before anybody has a handle. From then on the other bits are set under the lock of the
// timer's shard: cancelling is one lock.
// A timer that is asked for outside is armed when there are handles already. Until `armed` is set, `cancelled` is set
// without a lock; whoever sets `armed` and then finds `cancelled`, or sets `cancelled` and then finds `armed`, takes the
// timer back: at least one of the two sees the other. The timer may expire, on another worker, before `armed` is set.
// References: the queue or the wheel holds one, each handle another. The function goes when it was called or never will
// be, whoever holds a handle: it may hold the handle's holder.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <utility>

#include "charkha/detail/context_state.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/ready_item.hpp"
#include "charkha/detail/timer_entry.hpp"

namespace charkha::detail {

class scheduled_callback : public ready_item, public timer_entry {
 public:
  static constexpr std::int64_t no_deadline = INT64_MIN;

  /// Queues it, or arms its timer: on a worker of the runtime, `here`, at once, elsewhere (null) by a turn there. Before
  /// anybody else knows of it.
  void schedule(const worker_context* here) noexcept;
  void cancel() noexcept;
  [[nodiscard]] bool is_cancelled() const noexcept { return (state_.load(std::memory_order_acquire) & cancelled) != 0; }
  /// Nanoseconds of the runtime's clock, or no_deadline.
  [[nodiscard]] std::int64_t deadline() const noexcept { return deadline_; }

  void run(worker_context& worker) noexcept final;
  void discard() noexcept final { finish(); }
  [[nodiscard]] ready_item* expire() noexcept final {
    state_.fetch_or(expired, std::memory_order_relaxed);  // the ready queue publishes it
    return this;
  }

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept {
    // [last-reference] release: this holder's use; acquire: that of the others, before it is freed. Nobody can add to a
    // last reference.
    if (references_.load(std::memory_order_acquire) == 1 || references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      free_callback();
    }
  }

 protected:
  /// `here`: the calling worker if it is one of the runtime's, or null.
  scheduled_callback(executor& runtime, worker_context* here, std::int64_t deadline, const std::source_location& site);
  ~scheduled_callback();

 private:
  static constexpr std::uint8_t cancelled = 1, armed = 2, expired = 4;

  virtual void invoke() = 0;
  virtual void release_function() noexcept = 0;
  virtual void free_callback() noexcept = 0;
  void arm_late(const worker_context& here) noexcept;
  /// It was called or never will be: gives the queue's reference back.
  void finish() noexcept;

  executor& runtime_;
  std::int64_t deadline_;
  context_slot context_;
  std::source_location site_;
  std::atomic<std::uint8_t> state_{0};
  std::uint8_t retained_;
  std::atomic<std::uint32_t> references_{2};  // the queue's and the first handle's
};

template <class Function>
class typed_scheduled_callback final : public scheduled_callback {
 public:
  template <class F>
  typed_scheduled_callback(executor& runtime, worker_context* here, std::int64_t deadline,
                           const std::source_location& site, F&& function)
      : scheduled_callback(runtime, here, deadline, site), function_(std::in_place, std::forward<F>(function)) {}

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* callback, std::size_t size) noexcept { deallocate_frame(callback, size); }

 private:
  void invoke() override { std::invoke(std::move(*function_)); }
  void release_function() noexcept override { function_.reset(); }
  void free_callback() noexcept override { delete this; }

  std::optional<Function> function_;
};

/// The calling worker. Throws usage_error elsewhere.
[[nodiscard]] worker_context& worker_that_calls();
/// The calling worker if it is one of this runtime's, or null.
[[nodiscard]] worker_context* worker_within(const executor& runtime) noexcept;
/// The deadline that is `delay` nanoseconds from now on a runtime's clock. `here`: as above.
[[nodiscard]] std::int64_t deadline_on(executor& runtime, worker_context* here, std::int64_t delay) noexcept;

}  // namespace charkha::detail
