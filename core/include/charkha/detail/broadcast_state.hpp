// SPDX-License-Identifier: Apache-2.0
// What a broadcast and its receivers share: a ring of the newest messages, numbered from 0.
//
// Invariants, under the lock
//   B1  the ring holds the messages from max(0, sent - capacity) on, each with the number of receivers that are yet to
//       have it; at none, it is let go
//   B2  a task waits => its receiver has had all messages, and the broadcast is not closed
// Messages are made, copied and freed outside the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "charkha/detail/wait_queue.hpp"

namespace charkha::detail {

class broadcast_state {
 public:
  using number = std::uint64_t;
  using message = std::shared_ptr<const void>;

  /// Throws std::invalid_argument if `capacity` is 0, std::bad_alloc.
  explicit broadcast_state(std::size_t capacity);
  broadcast_state(const broadcast_state&) = delete;
  broadcast_state& operator=(const broadcast_state&) = delete;

  /// How many receivers will have it. Nothing: it is closed.
  [[nodiscard]] std::optional<std::size_t> send(message next) noexcept;
  void close() noexcept;

  /// The number of the first message that a new receiver gets.
  [[nodiscard]] number add_receiver() noexcept;
  void drop_receiver(number next) noexcept;
  [[nodiscard]] std::size_t receivers() const noexcept;
  /// How many messages a receiver can have at once, whose next one this is.
  [[nodiscard]] std::size_t available(number next) const noexcept;
  [[nodiscard]] std::size_t capacity() const noexcept { return ring_.size(); }

  /// The receiver's next message, null if it has had all. Throws broadcast_lagged, and channel_closed if there will be
  /// none.
  [[nodiscard]] message take(number& next);

  mutable wait_site site;

 private:
  friend class broadcast_arrival;
  struct slot {
    message held;
    std::size_t due = 0;  // receivers that are yet to have it
  };

  [[nodiscard]] number oldest() const noexcept CHARKHA_REQUIRES(site.lock) {
    return sent_ > ring_.size() ? sent_ - ring_.size() : 0;
  }
  [[nodiscard]] message hand_out(number which) noexcept CHARKHA_REQUIRES(site.lock);

  std::vector<slot> ring_;  // the slots are guarded by the lock
  number sent_ CHARKHA_GUARDED_BY(site.lock) = 0;
  std::size_t receivers_ CHARKHA_GUARDED_BY(site.lock) = 0;
  bool closed_ CHARKHA_GUARDED_BY(site.lock) = false;
  wait_list waiters_ CHARKHA_GUARDED_BY(site.lock);
};

/// Waits until there is a message for a receiver, or will be none.
class broadcast_arrival : public queued_awaiter<broadcast_arrival> {
 public:
  broadcast_arrival(broadcast_state& state, broadcast_state::number& next) noexcept
      : queued_awaiter("broadcast"), state_(state), next_(next) {}
  broadcast_arrival(broadcast_arrival&&) noexcept = default;
  ~broadcast_arrival() { withdraw(); }

 protected:
  [[nodiscard]] broadcast_state::message arrive_here();

 private:
  friend queued_awaiter;
  [[nodiscard]] wait_site& site() const noexcept { return state_.site; }
  [[nodiscard]] bool enter(wake_list& woken) const noexcept;
  [[nodiscard]] wait_list& line() const noexcept;
  void leave(bool /*granted*/, wake_list& /*woken*/) const noexcept {}

  broadcast_state& state_;
  broadcast_state::number& next_;
};

template <class T>
class [[nodiscard]] broadcast_receive final : public broadcast_arrival {
 public:
  using broadcast_arrival::broadcast_arrival;
  T await_resume() { return *std::static_pointer_cast<const T>(arrive_here()); }
};

[[noreturn]] void throw_broadcast_closed();
[[noreturn]] void throw_empty_broadcast_receiver();

}  // namespace charkha::detail
