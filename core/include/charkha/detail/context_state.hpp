// SPDX-License-Identifier: Apache-2.0
// The values that context variables have in one task, callback or thread. Copying a context is copying one pointer: the
// values are shared until somebody sets one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/spin_lock.hpp"

namespace charkha::detail {

class worker_context;

/// Variables by their number, each with its value. Few, never changed once shared.
using context_values = std::vector<std::pair<std::uint64_t, std::shared_ptr<const void>>>;

class context_state final {
 public:
  context_state() noexcept = default;
  explicit context_state(std::shared_ptr<const context_values> values) noexcept
      : values_(std::move(values)), used_(values_ != nullptr) {}
  context_state(const context_state&) = delete;
  context_state& operator=(const context_state&) = delete;

  /// Null if the variable has no value here. From any thread.
  [[nodiscard]] std::shared_ptr<const void> find(std::uint64_t variable) const;
  /// Sets or, with null, takes away; gives what was there before. From any thread.
  std::shared_ptr<const void> set(std::uint64_t variable, const std::shared_ptr<const void>& value);
  [[nodiscard]] std::shared_ptr<const context_values> values() const;
  /// Never inlined: most tasks have nothing to copy, and their creation should not make room for it.
  [[nodiscard, gnu::noinline]] static context_state* copy(const context_state* from) {
    return new context_state(from->values());
  }
  /// Was anything ever set? For the one who runs in it: copying what is empty costs nothing.
  [[nodiscard]] bool used() const noexcept { return used_.load(std::memory_order_relaxed); }

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept {
    // [last-reference] release: this holder's use; acquire: that of the others, before it is freed.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) free();
  }

  static void* operator new(std::size_t size);
  static void operator delete(void* state, std::size_t size) noexcept;

 private:
  ~context_state() = default;
  void free() noexcept;

  mutable spin_lock lock_;
  std::shared_ptr<const context_values> values_ CHARKHA_GUARDED_BY(lock_);
  std::atomic<bool> used_{false};
  std::atomic<std::uint32_t> references_{1};
};

/// Where a task, a callback or a thread keeps its context: null until it has a value. Any thread may read it; only the
/// one that runs in it, or a first use, writes it.
class context_slot {
 public:
  context_slot() noexcept = default;
  explicit context_slot(intrusive_ptr<context_state> state) noexcept : state_(state.release()) {}
  ~context_slot() {
    if (context_state* state = state_.load(std::memory_order_relaxed)) state->drop_reference();
  }
  context_slot(const context_slot&) = delete;
  context_slot& operator=(const context_slot&) = delete;

  [[nodiscard]] context_state* get() const noexcept {
    // [context-made] acquire: made before it is found.
    return state_.load(std::memory_order_acquire);
  }
  /// A copy of what is in it, for something that is created now. Null if that is nothing. For the one who runs in it.
  [[nodiscard]] intrusive_ptr<context_state> copy() const {
    const context_state* here = get();
    if (here == nullptr || !here->used()) return {};
    return intrusive_ptr<context_state>::adopt(*context_state::copy(here));
  }
  /// As get(), making it if there is none. Throws std::bad_alloc.
  [[nodiscard]] context_state& demand();
  /// Before anybody else can see the slot, which is empty.
  void begin_with(intrusive_ptr<context_state> state) noexcept {
    state_.store(state.release(), std::memory_order_relaxed);
  }
  /// Before anybody else can see the slot, or for the one who runs in it.
  intrusive_ptr<context_state> replace(intrusive_ptr<context_state> state) noexcept;

 private:
  std::atomic<context_state*> state_{nullptr};
};

/// The slot of what the calling thread is running: a task, a callback, or the thread itself.
[[nodiscard]] context_slot& current_context() noexcept;
/// The same, for one that knows its worker.
[[nodiscard]] context_slot& current_context(const worker_context& here) noexcept;

/// A copy of the calling thread's context, for something that is created now. Null if that is empty.
[[nodiscard]] intrusive_ptr<context_state> copy_current_context();

/// Makes `slot` the calling thread's context for a scope: while a callback runs, or a function on a foreign thread. Null:
/// that of the running task.
class context_scope {
 public:
  explicit context_scope(context_slot* slot) noexcept;
  ~context_scope();
  context_scope(const context_scope&) = delete;
  context_scope& operator=(const context_scope&) = delete;

 private:
  context_slot* outside_;
};

}  // namespace charkha::detail
