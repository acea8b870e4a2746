// SPDX-License-Identifier: Apache-2.0
// What is behind the handles of a future: a result that somebody sets once.
//
//   pending --begin_settling()--> settling --the result is written, complete_waiters()--> complete
//                 ^                   |
//                 '--- undo_settling() (the value's constructor threw)
// Whoever begins to settle is the only one who writes; others are told that it is done.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

#include "charkha/detail/executor.hpp"
#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/future_core.hpp"
#include "charkha/detail/result.hpp"
#include "charkha/detail/serial_queue.hpp"

namespace charkha::detail {

class future_block : public future_core {
 public:
  [[nodiscard]] executor& home() const noexcept final { return runtime_; }
  bool cancel(std::string_view message) noexcept final;
  [[nodiscard]] cancel_answer ask(std::string_view message) noexcept final;
  void publish() noexcept final { settled(); }
  [[nodiscard]] std::string describe() const final;
  [[nodiscard]] serial_queue& callbacks() final;

  /// Throws invalid_state_error if it is complete, or somebody else is settling it.
  void begin_settling();
  // [future-settled] release: the writer's half-made value is gone.
  void undo_settling() noexcept { settling_.store(false, std::memory_order_release); }
  /// The result is written. The caller holds a reference.
  void settled() noexcept {
    // A future may outlive its runtime: what waits for it then is no task, and will not run.
    if (runtime_.is_closed()) {
      discard_waiters();
    } else {
      complete_waiters();
    }
  }

  virtual void set_error(std::exception_ptr error) noexcept = 0;

 protected:
  future_block(executor& runtime, const std::source_location& site) noexcept
      : future_core(1), runtime_(runtime), site_(site), retained_(runtime.retain()) {}
  ~future_block();

 private:
  // [future-settled] acquire: after an attempt that was undone, what it left behind.
  [[nodiscard]] bool try_begin_settling() noexcept { return !settling_.exchange(true, std::memory_order_acquire); }
  void last_reference_gone() noexcept final;
  virtual void free_block() noexcept = 0;

  executor& runtime_;
  std::source_location site_;
  std::atomic<serial_queue*> callbacks_{nullptr};
  std::atomic<bool> settling_{false};
  std::uint8_t retained_;
};

template <class T>
class typed_future_block final : public future_block {
 public:
  typed_future_block(executor& runtime, const std::source_location& site) noexcept : future_block(runtime, site) {}

  [[nodiscard]] std::exception_ptr error() const noexcept override {
    return value.kind() == outcome::error ? value.error() : nullptr;
  }
  void set_error(std::exception_ptr error) noexcept override { value.set_error(std::move(error)); }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* block, std::size_t size) noexcept { deallocate_frame(block, size); }

  result<T> value;

 private:
  [[nodiscard]] outcome result_kind() const noexcept override { return value.kind(); }
  void free_block() noexcept override { delete this; }
};

}  // namespace charkha::detail
