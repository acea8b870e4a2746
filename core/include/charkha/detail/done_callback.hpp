// SPDX-License-Identifier: Apache-2.0
// A function that is called when something is complete. Waits among the tasks that await it, in the order of
// registration; when its time has come it takes a turn in the callback queue of that future, so that callbacks of one
// future run one after another, in order.
//
// References: the place where it is registered (the waiter list, then its turn) holds one, each id that the user holds
// another. A registered callback does not keep the future alive; one whose turn has come does. The function goes when it
// was called or never will be, whoever holds an id: it may hold the id's holder.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "charkha/detail/context_state.hpp"
#include "charkha/detail/frame_pool.hpp"
#include "charkha/detail/future_core.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/serial_queue.hpp"

namespace charkha::detail {

class done_callback : public waiter, public serial_item {
 public:
  /// Registers it. If `source` is complete its turn comes at once, never on the caller's stack.
  void add() noexcept;
  /// False: it was called, or its turn has come.
  bool remove() noexcept;
  [[nodiscard]] bool is_of(const future_core& source) const noexcept { return &source == &source_; }

  [[nodiscard]] ready_item* completed() noexcept final;
  void dropped() noexcept final { finish(); }
  void run_serially(worker_context& worker) noexcept final;
  void discard_serially() noexcept final;

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept {
    // [last-reference] release: this holder's use; acquire: that of the others, before it is freed.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) free_callback();
  }

 protected:
  done_callback(future_core& source, const std::source_location& site)
      : source_(source), queue_(source.callbacks()), context_(copy_current_context()), site_(site) {}
  ~done_callback() = default;

 private:
  /// Calls the function, with a handle of the source.
  virtual void invoke(future_core& source) = 0;
  virtual void release_function() noexcept = 0;
  virtual void free_callback() noexcept = 0;
  /// It was called or never will be.
  void finish() noexcept;

  future_core& source_;
  intrusive_ptr<serial_queue> queue_;
  context_slot context_;
  std::source_location site_;
  std::atomic<std::uint32_t> references_{2};
};

/// Calls `Function` with a `Handle`.
template <class Handle, class Function>
class typed_done_callback final : public done_callback {
 public:
  template <class F>
  typed_done_callback(future_core& source, const std::source_location& site, F&& function)
      : done_callback(source, site), function_(std::in_place, std::forward<F>(function)) {}

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* callback, std::size_t size) noexcept { deallocate_frame(callback, size); }

 private:
  void invoke(future_core& source) override {
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): invoked at most once, and released afterwards
    std::invoke(std::move(*function_), Handle(intrusive_ptr<future_core>(source)));
  }
  void release_function() noexcept override { function_.reset(); }
  void free_callback() noexcept override { delete this; }

  std::optional<Function> function_;
};

}  // namespace charkha::detail
