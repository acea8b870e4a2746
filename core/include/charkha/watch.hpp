// SPDX-License-Identifier: Apache-2.0
// watch: the newest value of something, for all who want to know when it changes.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "charkha/coro.hpp"
#include "charkha/detail/watch_state.hpp"

namespace charkha {

template <class T>
class watch_receiver;

/// A value that changes, such as a configuration: each receiver sees the newest one, and may miss those in between.
///
///     watch<config> settings(load());
///     auto seen = settings.subscribe();          // in another task
///     for (;;) { apply(seen.get()); co_await seen.changed(); }
///
/// Never full and never waits: sending replaces. Closed by close() or when it is destroyed; receivers may outlive it.
/// All functions may be called from any thread, by several at once. Values are copied to those who look: make T a
/// `std::shared_ptr<const X>` if X is large. Belongs to the first runtime whose task waits for it. As Tokio's `watch`.
template <class T>
class watch {
  static_assert(std::is_object_v<T> && std::is_copy_constructible_v<T>, "a watch copies its value to those who look");

 public:
  /// With the value that it has first. Throws std::bad_alloc, and what moving it throws.
  explicit watch(T first)
      : state_(std::make_shared<detail::watch_state>(std::make_shared<const T>(std::move(first)))) {}
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;
  ~watch() { state_->close(); }

  /// From here on this is the value; wakes all who wait for a change, in the order in which they came. Throws
  /// usage_error after close(), std::bad_alloc, and what moving the value throws: then nothing has changed.
  void send(T next) {
    if (!state_->send(std::make_shared<const T>(std::move(next)))) detail::throw_watch_closed();
  }
  /// There will be no other value. May be called again.
  void close() noexcept { state_->close(); }

  /// The value as it is. Throws what copying it throws.
  [[nodiscard]] T get() const { return *std::static_pointer_cast<const T>(state_->newest()); }
  /// A receiver to which the present value is no news.
  [[nodiscard]] watch_receiver<T> subscribe() const { return watch_receiver<T>(state_); }
  /// How many receivers there are at this moment.
  [[nodiscard]] std::size_t receiver_count() const noexcept { return state_->receivers(); }

 private:
  std::shared_ptr<detail::watch_state> state_;
};

/// Sees the values of a watch; used by one task at a time. A copy has seen what the original had seen.
template <class T>
class watch_receiver {
 public:
  watch_receiver(const watch_receiver& other) noexcept : state_(other.state_), seen_(other.seen_) {
    if (state_) state_->add_receiver();
  }
  watch_receiver(watch_receiver&&) noexcept = default;
  watch_receiver& operator=(watch_receiver other) noexcept {
    state_.swap(other.state_);
    std::swap(seen_, other.seen_);
    return *this;
  }
  ~watch_receiver() {
    if (state_) state_->drop_receiver();
  }

  /// The newest value, which counts as seen. Throws what copying it throws; usage_error if this was moved from, as all
  /// functions here.
  [[nodiscard]] T get() { return *std::static_pointer_cast<const T>(filled().newest(seen_)); }
  /// Is there a value that was not seen?
  [[nodiscard]] bool has_changed() const { return filled().present() != seen_; }

  /// Suspends until there is a value that was not seen; not at all if there is one. It counts as seen then; get() gives
  /// it, or a newer one. Resumes on the worker of the one who sent it. Cancellation ends the wait, and the value is still
  /// unseen: throws cancelled_error. Throws channel_closed when the watch is closed and its last value was seen. This
  /// receiver must outlive it.
  [[nodiscard]] detail::watch_change changed() { return detail::watch_change(filled(), seen_); }

  /// Waits until `predicate(value)` is true for the newest value, and gives that; does not wait if that is so at once.
  /// Throws as changed(), and what the predicate throws.
  template <class Predicate>
    requires std::predicate<Predicate&, const T&>
  [[nodiscard]] coro<T> wait(Predicate predicate) {
    for (;;) {
      T value = get();
      if (std::invoke(predicate, std::as_const(value))) co_return value;
      co_await changed();
    }
  }

 private:
  friend class watch<T>;
  explicit watch_receiver(std::shared_ptr<detail::watch_state> state) noexcept
      : state_(std::move(state)), seen_(state_->present()) {
    state_->add_receiver();
  }

  [[nodiscard]] detail::watch_state& filled() const {
    if (!state_) detail::throw_empty_watch_receiver();
    return *state_;
  }

  std::shared_ptr<detail::watch_state> state_;
  detail::watch_state::version seen_ = 0;
};

}  // namespace charkha
