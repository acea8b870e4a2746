// SPDX-License-Identifier: Apache-2.0
// oneshot: one value from one task, or thread, to another.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "charkha/detail/oneshot_state.hpp"

namespace charkha {

template <class T>
class oneshot_sender;
template <class T>
class oneshot_receiver;

/// Both ends of a oneshot.
template <class T>
struct oneshot_ends {
  oneshot_sender<T> sender;
  oneshot_receiver<T> receiver;
};

/// Makes a oneshot: a value of type T, or void, that is sent once and received once.
///
///     auto [sender, receiver] = charkha::create_oneshot<reply>();
///     requests.push({..., std::move(sender)});
///     reply r = co_await receiver.receive();
///
/// Beside a future, each end knows when the other one is gone. As Tokio's `oneshot::channel`. Throws std::bad_alloc.
template <class T>
[[nodiscard]] oneshot_ends<T> create_oneshot() {
  auto slot = std::make_shared<detail::oneshot_slot<T>>();
  return {oneshot_sender<T>(slot), oneshot_receiver<T>(slot)};
}

/// The end that sends; moves, and is used by one task or thread at a time. When it goes without having sent, the
/// receiver gets channel_closed.
template <class T>
class oneshot_sender {
 public:
  oneshot_sender(oneshot_sender&&) noexcept = default;
  oneshot_sender& operator=(oneshot_sender&& other) noexcept {
    oneshot_sender(std::move(other)).slot_.swap(slot_);
    return *this;
  }
  ~oneshot_sender() {
    if (slot_) slot_->abandon();
  }

  /// Sends the value and empties this end; the receiver resumes on the caller's worker. False: the receiver is gone or
  /// was closed, the value is dropped. From any thread. Throws usage_error if this end is empty, and what making a T of
  /// the value throws: then it is not sent yet.
  template <class U = T>
    requires(std::is_constructible_v<T, U &&> && !std::is_void_v<T>)
  bool send(U&& value) {
    auto& slot = filled();
    if (slot.now() != detail::oneshot_state::phase::open) return finish(false);
    slot.value.set_value(std::forward<U>(value));
    return finish(slot.send());
  }
  /// The same for void.
  bool send()
    requires std::is_void_v<T>
  {
    filled().value.set_void();
    return finish(slot_->send());
  }

  /// Will nobody receive? From any thread. Throws usage_error if this end is empty.
  [[nodiscard]] bool is_closed() const { return filled().now() == detail::oneshot_state::phase::refused; }

  /// Suspends until nobody will receive any more: what was to be sent need not be made. Resumes on the worker of the one
  /// who closed the other end. Cancellation ends the wait: throws cancelled_error. Throws usage_error if this end is
  /// empty. This end must outlive it.
  [[nodiscard]] detail::oneshot_refusal closed() { return detail::oneshot_refusal(filled()); }

  /// Was something sent already, or this end moved from?
  [[nodiscard]] bool empty() const noexcept { return !slot_; }

 private:
  friend oneshot_ends<T> create_oneshot<T>();
  explicit oneshot_sender(std::shared_ptr<detail::oneshot_slot<T>> slot) noexcept : slot_(std::move(slot)) {}

  [[nodiscard]] detail::oneshot_slot<T>& filled() const {
    if (!slot_) detail::throw_empty_end();
    return *slot_;
  }
  bool finish(bool sent) noexcept {
    slot_.reset();
    return sent;
  }

  std::shared_ptr<detail::oneshot_slot<T>> slot_;
};

/// The end that receives; moves, and is used by one task at a time. When it goes, the sender is told.
template <class T>
class oneshot_receiver {
 public:
  oneshot_receiver(oneshot_receiver&&) noexcept = default;
  oneshot_receiver& operator=(oneshot_receiver&& other) noexcept {
    oneshot_receiver(std::move(other)).slot_.swap(slot_);
    return *this;
  }
  ~oneshot_receiver() {
    if (slot_) slot_->refuse();
  }

  /// Gives the value; suspends until it is sent. Resumes on the worker of the one who sent it. Cancellation ends the wait
  /// and loses nothing, the value can be received later: throws cancelled_error. Throws channel_closed when the sender is
  /// gone or this end was closed; usage_error when the value was received before, when another task waits for it, when
  /// this end is empty. This end must outlive it.
  [[nodiscard]] detail::oneshot_receive<T> receive() { return detail::oneshot_receive<T>(filled()); }

  /// The value if it was sent, else nothing. From any thread. Throws as receive().
  [[nodiscard]] std::optional<T> try_receive()
    requires(!std::is_void_v<T> && !std::is_reference_v<T>)
  {
    using phase = detail::oneshot_state::phase;
    auto& slot = filled();
    const phase before = slot.take();
    if (before == phase::open) return std::nullopt;
    if (before != phase::sent) detail::throw_nothing_to_receive(before);
    return std::optional<T>(slot.value.take());
  }

  /// Wants no value any more: sends fail from now on, and who waits gets channel_closed. A value that was sent and not
  /// received is dropped with the oneshot. From any thread.
  void close() { filled().refuse(); }

 private:
  friend oneshot_ends<T> create_oneshot<T>();
  explicit oneshot_receiver(std::shared_ptr<detail::oneshot_slot<T>> slot) noexcept : slot_(std::move(slot)) {}

  [[nodiscard]] detail::oneshot_slot<T>& filled() const {
    if (!slot_) detail::throw_empty_end();
    return *slot_;
  }

  std::shared_ptr<detail::oneshot_slot<T>> slot_;
};

}  // namespace charkha
