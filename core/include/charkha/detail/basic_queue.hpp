// SPDX-License-Identifier: Apache-2.0
// The queue whatever its order: queue, priority_queue and lifo_queue are this with different items.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "charkha/detail/queue_items.hpp"
#include "charkha/detail/queue_state.hpp"

namespace charkha::detail {

template <class T, class Items>
class basic_queue;

template <class T, class Items>
class [[nodiscard]] queue_get final : public queued_awaiter<queue_get<T, Items>> {
  using base = queued_awaiter<queue_get<T, Items>>;
  friend base;

 public:
  explicit queue_get(basic_queue<T, Items>& owner) noexcept : base("queue get"), queue_(owner) {}
  queue_get(queue_get&&) noexcept = default;
  ~queue_get() { base::withdraw(); }

  T await_resume() {
    base::finish();
    if (!item_) throw_queue_shutdown();
    const auto taken = std::move(item_);
    return std::move(taken->value);
  }

 private:
  [[nodiscard]] wait_site& site() const noexcept { return queue_.state_.site; }
  [[nodiscard]] wait_list& line() const noexcept CHARKHA_REQUIRES(queue_.state_.site.lock) {
    return queue_.state_.getters;
  }
  [[nodiscard]] bool enter(wake_list& woken) noexcept CHARKHA_REQUIRES(queue_.state_.site.lock) {
    if (!queue_.state_.has_item()) return queue_.state_.is_shut && queue_.state_.size == 0;
    item_ = queue_.unlink(woken);
    return true;
  }
  void arrive(wake_list& woken) noexcept CHARKHA_REQUIRES(queue_.state_.site.lock) {
    if (base::gift() != queue_state::promise) return;
    --queue_.state_.items_promised;
    if (queue_.state_.size > 0) item_ = queue_.unlink(woken);
  }
  void leave(bool granted, wake_list& woken) noexcept CHARKHA_REQUIRES(queue_.state_.site.lock) {
    if (!granted || base::gift() != queue_state::promise) return;
    --queue_.state_.items_promised;
    queue_.state_.settle(woken);
  }

  basic_queue<T, Items>& queue_;
  typename Items::item item_;
};

template <class T, class Items>
class [[nodiscard]] queue_put final : public queued_awaiter<queue_put<T, Items>> {
  using base = queued_awaiter<queue_put<T, Items>>;
  friend base;

 public:
  explicit queue_put(basic_queue<T, Items>& owner, typename Items::item item) noexcept
      : base("queue put"), queue_(owner), item_(std::move(item)) {}
  queue_put(queue_put&&) noexcept = default;
  ~queue_put() { base::withdraw(); }

  void await_resume() {
    base::finish();
    if (item_) throw_queue_shutdown();
  }

 private:
  [[nodiscard]] wait_site& site() const noexcept { return queue_.state_.site; }
  [[nodiscard]] wait_list& line() const noexcept CHARKHA_REQUIRES(queue_.state_.site.lock) {
    return queue_.state_.putters;
  }
  [[nodiscard]] bool enter(wake_list& woken) noexcept CHARKHA_REQUIRES(queue_.state_.site.lock) {
    if (queue_.state_.is_shut) return true;
    if (!queue_.state_.has_room()) return false;
    queue_.link(std::move(item_), woken);
    return true;
  }
  void arrive(wake_list& woken) noexcept CHARKHA_REQUIRES(queue_.state_.site.lock) {
    if (base::gift() != queue_state::promise) return;
    --queue_.state_.slots_promised;
    if (!queue_.state_.is_shut) queue_.link(std::move(item_), woken);
  }
  void leave(bool granted, wake_list& woken) noexcept CHARKHA_REQUIRES(queue_.state_.site.lock) {
    if (!granted || base::gift() != queue_state::promise) return;
    --queue_.state_.slots_promised;
    queue_.state_.settle(woken);
  }

  basic_queue<T, Items>& queue_;
  typename Items::item item_;
};

/// What all three queues can do; documented at charkha::queue.
template <class T, class Items>
class basic_queue {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>, "a queue holds objects that can be moved");

 public:
  using value_type = T;

  basic_queue(const basic_queue&) = delete;
  basic_queue& operator=(const basic_queue&) = delete;

  /// Puts an item in; suspends while the queue is full. Waiting putters put in the order in which they came. Resumes on
  /// the worker of the one who made room. Cancellation ends the wait, nothing is put then, and room that was meant for
  /// this one goes on to the next: throws cancelled_error. Throws queue_shutdown when the queue is shut down, also while
  /// it waits; std::bad_alloc and what moving the item throws, at the call.
  [[nodiscard]] queue_put<T, Items> put(T item) { return queue_put<T, Items>(*this, make_item(std::move(item))); }

  /// Takes an item out; suspends while there is none. Waiting getters get theirs in the order in which they came; who
  /// comes when an item is there but meant for them waits, too. Resumes on the worker of the one who put. Cancellation
  /// ends the wait and loses no item: what was meant for this one goes on to the next; throws cancelled_error. Throws
  /// queue_shutdown when the queue is shut down and empty.
  [[nodiscard]] queue_get<T, Items> get() noexcept { return queue_get<T, Items>(*this); }

  /// Puts an item in if that needs no waiting. False: the queue is full, or room is meant for those who wait; then
  /// `item` is as it was. As `put_nowait`. Throws queue_shutdown (then `item` may be gone), std::bad_alloc.
  template <class U>
    requires std::is_constructible_v<T, U&&>
  [[nodiscard]] bool try_put(U&& item) {
    if (state_.capacity == queue_state::unbounded) {
      if (!fill(make_item(std::forward<U>(item)), false)) throw_queue_shutdown();
      return true;
    }
    if (!reserve_slot()) return false;
    typename Items::item made;
    try {
      made = make_item(std::forward<U>(item));
    } catch (...) {
      return_slot();
      throw;
    }
    if (!fill(std::move(made), true)) throw_queue_shutdown();
    return true;
  }

  /// Takes an item out if that needs no waiting. Nothing: the queue is empty, or the items are meant for those who wait.
  /// As `get_nowait`. Throws queue_shutdown when the queue is shut down and empty.
  [[nodiscard]] std::optional<T> try_get() {
    typename Items::item taken;
    bool is_over = false;
    {
      wake_list woken;
      const spin_guard guard(state_.site.lock);
      if (state_.has_item()) {
        taken = unlink(woken);
      } else {
        is_over = state_.is_shut && state_.size == 0;
      }
    }
    if (is_over) throw_queue_shutdown();
    if (!taken) return std::nullopt;
    return std::optional<T>(std::move(taken->value));
  }

  /// An item that was taken out is dealt with. Throws usage_error if there were not so many.
  void task_done() {
    if (!state_.finish_one()) throw_too_many_task_done();
  }
  /// Suspends until each item that was put in has been dealt with by a task_done(); not at all if that is so. Resumes on
  /// the worker of the last task_done(). Cancellation ends the wait: throws cancelled_error.
  [[nodiscard]] queue_join join() noexcept { return queue_join(state_); }

  /// Takes no more items: put() throws queue_shutdown, for those who wait as well; get() takes what is left, then throws
  /// it, too. `immediate` drops what is left and counts it as dealt with. May be called again.
  void shutdown(bool immediate = false) noexcept {
    typename Items::remains dropped;  // freed after unlocking
    wake_list woken;
    const spin_guard guard(state_.site.lock);
    if (immediate) items_.take_all(dropped);
    state_.shut(immediate, woken);
  }

  /// How many items there are at this moment, those on their way to waiting getters included. With several workers a
  /// hint, as are the next two.
  [[nodiscard]] std::size_t qsize() const noexcept { return state_.current_size(); }
  [[nodiscard]] bool empty() const noexcept { return qsize() == 0; }
  /// Are there maxsize() items? Never if the queue is unbounded.
  [[nodiscard]] bool full() const noexcept { return qsize() >= state_.capacity; }
  /// How many items fit in, 0 if any number does.
  [[nodiscard]] std::size_t maxsize() const noexcept {
    return state_.capacity == queue_state::unbounded ? 0 : state_.capacity;
  }

 protected:
  template <class... Arguments>
  explicit basic_queue(std::size_t maxsize, Arguments&&... items) noexcept
      : state_(maxsize), items_(std::forward<Arguments>(items)...) {}
  ~basic_queue() = default;

 private:
  friend queue_get<T, Items>;
  friend queue_put<T, Items>;
  using held_item = typename Items::item;

  template <class U>
  [[nodiscard]] static held_item make_item(U&& of) {
    return held_item(new typename Items::node(std::in_place, std::forward<U>(of)));
  }

  void link(held_item added, wake_list& woken) noexcept CHARKHA_REQUIRES(state_.site.lock) {
    items_.push(std::move(added));
    state_.added(woken);
  }
  [[nodiscard]] held_item unlink(wake_list& woken) noexcept CHARKHA_REQUIRES(state_.site.lock) {
    held_item taken = items_.pop();
    state_.removed(woken);
    return taken;
  }

  [[nodiscard]] bool reserve_slot() {
    {
      const spin_guard guard(state_.site.lock);
      if (!state_.is_shut) {
        if (!state_.has_room()) return false;
        ++state_.slots_promised;
        return true;
      }
    }
    throw_queue_shutdown();
  }
  void return_slot() noexcept {
    wake_list woken;
    const spin_guard guard(state_.site.lock);
    --state_.slots_promised;
    state_.settle(woken);
  }
  [[nodiscard]] bool fill(held_item added, bool reserved) noexcept {
    wake_list woken;
    const spin_guard guard(state_.site.lock);
    if (reserved) --state_.slots_promised;
    if (state_.is_shut) return false;
    link(std::move(added), woken);
    return true;
  }

  queue_state state_;
  Items items_ CHARKHA_GUARDED_BY(state_.site.lock);
};

}  // namespace charkha::detail
