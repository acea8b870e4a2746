// SPDX-License-Identifier: Apache-2.0
// broadcast: every receiver gets every message.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "charkha/detail/broadcast_state.hpp"

namespace charkha {

template <class T>
class broadcast_receiver;

/// Sends each message to all who have subscribed, in one order for all.
///
///     broadcast<event> news(100);
///     auto inbox = news.subscribe();             // for each task that listens
///     const event e = co_await inbox.receive();
///
/// Never waits for a slow receiver: the last `capacity` messages are kept, and one who falls further behind is told how
/// many it has missed. Closed by close() or when it is destroyed; receivers may outlive it and get what is left. All
/// functions may be called from any thread, by several at once. Messages are copied to each receiver: make T a
/// `std::shared_ptr<const X>` if X is large. Belongs to the first runtime whose task waits for it. As Tokio's `broadcast`.
template <class T>
class broadcast {
  static_assert(std::is_object_v<T> && std::is_copy_constructible_v<T>, "a broadcast copies messages to its receivers");

 public:
  /// `capacity` messages are kept for those who are slow: 1 or more, else std::invalid_argument is thrown. Throws
  /// std::bad_alloc.
  explicit broadcast(std::size_t capacity) : state_(std::make_shared<detail::broadcast_state>(capacity)) {}
  broadcast(const broadcast&) = delete;
  broadcast& operator=(const broadcast&) = delete;
  ~broadcast() { state_->close(); }

  /// Sends to all who have subscribed, and wakes those who wait, in the order in which they came. How many there are; at
  /// none, the message is dropped. Throws usage_error after close(), std::bad_alloc, and what moving the message throws:
  /// then nobody gets it.
  std::size_t send(T message) {
    const auto sent = state_->send(std::make_shared<const T>(std::move(message)));
    if (!sent) detail::throw_broadcast_closed();
    return *sent;
  }
  /// There will be no more messages. May be called again.
  void close() noexcept { state_->close(); }

  /// A receiver that gets what is sent from now on.
  [[nodiscard]] broadcast_receiver<T> subscribe() const { return broadcast_receiver<T>(state_); }
  /// How many receivers there are at this moment.
  [[nodiscard]] std::size_t receiver_count() const noexcept { return state_->receivers(); }
  /// How many messages are kept for those who are slow.
  [[nodiscard]] std::size_t capacity() const noexcept { return state_->capacity(); }

 private:
  std::shared_ptr<detail::broadcast_state> state_;
};

/// Gets the messages of a broadcast; moves, and is used by one task at a time. When it goes, so does what it has not
/// received.
template <class T>
class broadcast_receiver {
 public:
  broadcast_receiver(broadcast_receiver&&) noexcept = default;
  broadcast_receiver& operator=(broadcast_receiver&& other) noexcept {
    broadcast_receiver taken(std::move(other));
    state_.swap(taken.state_);
    std::swap(next_, taken.next_);
    return *this;
  }
  ~broadcast_receiver() {
    if (state_) state_->drop_receiver(next_);
  }

  /// The next message; suspends until there is one. Resumes on the worker of the one who sent it. Cancellation ends the
  /// wait and loses no message: throws cancelled_error. Throws broadcast_lagged if messages were overwritten that this
  /// receiver had not had, after which it goes on with the oldest that is left; channel_closed when the broadcast is
  /// closed and all was received; usage_error if this was moved from, or another task waits on it and has taken the
  /// message; what copying the message throws: it is lost for this receiver then. This receiver must outlive it.
  [[nodiscard]] detail::broadcast_receive<T> receive() { return detail::broadcast_receive<T>(filled(), next_); }

  /// The next message if there is one, else nothing. Throws as receive().
  [[nodiscard]] std::optional<T> try_receive() {
    const auto next = std::static_pointer_cast<const T>(filled().take(next_));
    return next ? std::optional<T>(*next) : std::nullopt;
  }

  /// How many messages can be received at this moment without waiting.
  [[nodiscard]] std::size_t size() const { return filled().available(next_); }

 private:
  friend class broadcast<T>;
  explicit broadcast_receiver(std::shared_ptr<detail::broadcast_state> state) noexcept
      : state_(std::move(state)), next_(state_->add_receiver()) {}

  [[nodiscard]] detail::broadcast_state& filled() const {
    if (!state_) detail::throw_empty_broadcast_receiver();
    return *state_;
  }

  std::shared_ptr<detail::broadcast_state> state_;
  detail::broadcast_state::number next_ = 0;
};

}  // namespace charkha
