// SPDX-License-Identifier: Apache-2.0
// A function that is to be called in a later turn, or when a timer expires.
//
// state bits: cancelled, armed (the timer was), expired. Whoever sets `armed` and then finds `cancelled`, or sets
// `cancelled` and then finds `armed`, takes the timer back: at least one of the two sees the other. The timer may expire,
// on another worker, before `armed` is set.
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

  /// Queues it, or arms its timer: on a worker of the runtime at once, elsewhere by a turn there.
  void schedule() noexcept;
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
    // [last-reference] release: this holder's use; acquire: that of the others, before it is freed.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) free_callback();
  }

 protected:
  scheduled_callback(executor& runtime, std::int64_t deadline, const std::source_location& site)
      : timer_entry(true, true),
        runtime_(runtime),
        deadline_(deadline),
        context_(copy_current_context()),
        site_(site),
        retained_(runtime.retain()) {}
  ~scheduled_callback() { runtime_.release(retained_); }

 private:
  static constexpr std::uint8_t cancelled = 1, armed = 2, expired = 4;

  virtual void invoke() = 0;
  virtual void release_function() noexcept = 0;
  virtual void free_callback() noexcept = 0;
  void arm() noexcept;
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
  typed_scheduled_callback(executor& runtime, std::int64_t deadline, const std::source_location& site, F&& function)
      : scheduled_callback(runtime, deadline, site), function_(std::in_place, std::forward<F>(function)) {}

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* callback, std::size_t size) noexcept { deallocate_frame(callback, size); }

 private:
  void invoke() override { std::invoke(std::move(*function_)); }
  void release_function() noexcept override { function_.reset(); }
  void free_callback() noexcept override { delete this; }

  std::optional<Function> function_;
};

/// The deadline that is `delay` nanoseconds from now on a runtime's clock.
[[nodiscard]] std::int64_t deadline_on(executor& runtime, std::int64_t delay) noexcept;

}  // namespace charkha::detail
