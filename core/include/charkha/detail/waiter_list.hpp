// SPDX-License-Identifier: Apache-2.0
// Those who want to know when something is complete, in the order in which they asked. Closed once, by the completion.
//
//   open --add/remove--> open --close()--> closed --take() until false--> closed and empty
//
// One word: a pointer to the newest waiter of a circular list (its next is the oldest), and two flags.
//   locked  somebody is relinking; a few instructions
//   closed  complete; add() is refused once the list is empty. What was written before close() is visible to whoever sees it.
// The list is walked one waiter at a time, each taken out and told under the lock, so that remove() knows afterwards
// that nobody holds a pointer to the node any more.
#pragma once

#include <cstdint>

#include "charkha/detail/backoff.hpp"
#include "charkha/detail/ready_item.hpp"

namespace charkha::detail {

/// A node in the list; lives with the one who waits.
class waiter {
 public:
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

  /// Called once, under the list's lock: must not call back into the list or run user code.
  /// Returns what the completer is to make ready after unlocking, if anything.
  [[nodiscard]] virtual ready_item* completed() noexcept = 0;
  /// Called instead when the list goes away before it was closed. Only for those who do not keep it alive.
  virtual void dropped() noexcept {}

  /// Is it in a list? For the one who waits, after his wait was closed or when nobody else runs.
  [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }

 protected:
  waiter() noexcept = default;
  ~waiter() = default;

 private:
  template <class>
  friend class basic_waiter_list;
  // guarded by the list's lock bit; next_ is null when the node is in no list
  waiter* next_ = nullptr;
  waiter* previous_ = nullptr;
};

template <class Atomics = std_atomics>
class basic_waiter_list {
 public:
  basic_waiter_list() noexcept = default;
  basic_waiter_list(const basic_waiter_list&) = delete;
  basic_waiter_list& operator=(const basic_waiter_list&) = delete;

  [[nodiscard]] bool is_closed() const noexcept {
    // [waiters-closed] acquire: whoever sees the completion sees the result.
    return (word_.load(std::memory_order_acquire) & closed) != 0;
  }

  /// False: complete already, the node was not added. While those who were there before are still being told, it queues
  /// behind them: nobody overtakes.
  [[nodiscard]] bool add(waiter& node) noexcept {
    auto word = lock();
    if ((word & ~locked) == closed) {
      unlock(word);
      return false;
    }
    if (waiter* newest = pointer(word)) {
      node.next_ = newest->next_;
      node.previous_ = newest;
      node.next_->previous_ = &node;
      newest->next_ = &node;
    } else {
      node.next_ = node.previous_ = &node;
    }
    unlock(reinterpret_cast<std::uintptr_t>(&node) | (word & closed));
    return true;
  }

  /// Takes the node out if it is still in. True: it was, and completed() will not be called.
  bool remove(waiter& node) noexcept {
    const auto word = lock();
    const bool linked = node.next_ != nullptr;
    unlock(linked ? unlink(word, node) : word);
    return linked;
  }

  /// Complete: no more waiters once those who are there have been told. Takes the oldest one out and tells it, as take(),
  /// which then tells the others. Once.
  [[nodiscard]] bool close(ready_item*& item) noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    for (;;) {
      if ((word & locked) != 0) word = wait_for_unlock();
      // [waiters-closed] release: the result, for whoever sees the completion.
      // [waiters-lock] acquire: the links as the last holder left them.
      const auto next = pointer(word) == nullptr ? closed : word | flags;
      if (word_.compare_exchange_weak(word, next, std::memory_order_acq_rel, std::memory_order_relaxed)) break;
    }
    if (pointer(word) == nullptr) return false;
    item = tell_oldest(word | closed);
    return true;
  }

  /// After close(): takes the oldest waiter out and tells it. False when none is left. `item` is what the caller
  /// makes ready, or null.
  [[nodiscard]] bool take(ready_item*& item) noexcept {
    if ((word_.load(std::memory_order_relaxed) & ~flags) == 0) return false;
    const auto word = lock();
    if (pointer(word) == nullptr) {
      unlock(word);
      return false;
    }
    item = tell_oldest(word);
    return true;
  }

  /// Takes the oldest waiter out without telling it; null when none is left. For a list that goes away.
  [[nodiscard]] waiter* take_unfinished() noexcept {
    const auto word = lock();
    waiter* newest = pointer(word);
    waiter* oldest = newest == nullptr ? nullptr : newest->next_;
    unlock(oldest == nullptr ? word : unlink(word, *oldest));
    return oldest;
  }

 private:
  static constexpr std::uintptr_t locked = 1, closed = 2, flags = locked | closed;

  static waiter* pointer(std::uintptr_t word) noexcept { return reinterpret_cast<waiter*>(word & ~flags); }

  std::uintptr_t lock() noexcept {
    for (;;) {
      // [waiters-lock] acquire: the links as the last holder left them.
      const auto word = word_.fetch_or(locked, std::memory_order_acquire);
      if ((word & locked) == 0) return word;
      static_cast<void>(wait_for_unlock());
    }
  }
  [[gnu::noinline, gnu::cold]] std::uintptr_t wait_for_unlock() const noexcept {
    backoff pause;
    for (;;) {
      pause();
      const auto word = word_.load(std::memory_order_relaxed);
      if ((word & locked) == 0) return word;
    }
  }

  void unlock(std::uintptr_t word) noexcept {
    // [waiters-lock] release: the links, for the next holder.
    // [waiters-closed] release: the result again, for those who read this word in place of the one that closed the list.
    word_.store(word, std::memory_order_release);
  }

  /// Under the lock, of a list that is not empty and whose word, but for the lock, is `word`. Unlocks.
  [[nodiscard]] ready_item* tell_oldest(std::uintptr_t word) noexcept {
    waiter& oldest = *pointer(word)->next_;
    const auto rest = unlink(word, oldest);
    ready_item* const item = oldest.completed();
    unlock(rest);
    return item;
  }

  static std::uintptr_t unlink(std::uintptr_t word, waiter& node) noexcept {
    waiter* newest = pointer(word);
    if (node.next_ == &node) {
      newest = nullptr;
    } else {
      node.previous_->next_ = node.next_;
      node.next_->previous_ = node.previous_;
      if (newest == &node) newest = node.previous_;
    }
    node.next_ = node.previous_ = nullptr;
    return reinterpret_cast<std::uintptr_t>(newest) | (word & closed);
  }

  typename Atomics::template atomic<std::uintptr_t> word_{0};
};

class waiter_list final : public basic_waiter_list<> {};

}  // namespace charkha::detail
