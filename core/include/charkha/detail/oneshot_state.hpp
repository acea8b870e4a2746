// SPDX-License-Identifier: Apache-2.0
// What the two ends of a oneshot share.
//
//   open --the value is written, send()--> sent --take()--> taken
//    |  '--the sender goes----> abandoned
//    '-----the receiver goes--> refused
//   sent --the receiver goes--> refused
//
// Invariants, under the lock
//   O1  a receiver waits => open;  the sender waits => not refused
//   O2  at most one task waits for the value
// The value is written by the sender while it is open, and read by the one who took it.
#pragma once

#include <cstdint>

#include "charkha/detail/result.hpp"
#include "charkha/detail/wait_queue.hpp"

namespace charkha::detail {

class oneshot_state {
 public:
  enum class phase : std::uint8_t { open, sent, taken, abandoned, refused };

  oneshot_state() noexcept = default;
  oneshot_state(const oneshot_state&) = delete;
  oneshot_state& operator=(const oneshot_state&) = delete;

  /// The value is written. False: nobody will receive it.
  [[nodiscard]] bool send() noexcept;
  /// The sender goes, after send() or without it.
  void abandon() noexcept;
  /// The receiver goes, or wants nothing any more.
  void refuse() noexcept;
  /// Before receiving. The phase it was in; if that is `sent`, the value is the caller's.
  [[nodiscard]] phase take() noexcept;

  [[nodiscard]] phase now() const noexcept {
    const spin_guard guard(site.lock);
    return phase_;
  }

  mutable wait_site site;

 private:
  friend class oneshot_arrival;
  friend class oneshot_refusal;

  phase phase_ CHARKHA_GUARDED_BY(site.lock) = phase::open;
  wait_list receivers_ CHARKHA_GUARDED_BY(site.lock);
  wait_list senders_ CHARKHA_GUARDED_BY(site.lock);
};

template <class T>
class oneshot_slot final : public oneshot_state {
 public:
  result<T> value;
};

/// Waits until there is a value, or there will be none.
class oneshot_arrival : public queued_awaiter<oneshot_arrival> {
 public:
  explicit oneshot_arrival(oneshot_state& state) noexcept : queued_awaiter("oneshot"), state_(state) {}
  oneshot_arrival(oneshot_arrival&&) noexcept = default;
  ~oneshot_arrival() { withdraw(); }

 protected:
  /// Takes the value for the caller, or throws why there is none.
  void arrive_here();

 private:
  friend queued_awaiter;
  [[nodiscard]] wait_site& site() const noexcept { return state_.site; }
  [[nodiscard]] bool enter(wake_list& woken) noexcept;
  [[nodiscard]] wait_list& line() const noexcept;
  void leave(bool /*granted*/, wake_list& /*woken*/) const noexcept {}

  oneshot_state& state_;
  bool is_second_ = false;  // somebody else waits already
};

template <class T>
class [[nodiscard]] oneshot_receive final : public oneshot_arrival {
 public:
  explicit oneshot_receive(oneshot_slot<T>& slot) noexcept : oneshot_arrival(slot), slot_(slot) {}
  T await_resume() {
    arrive_here();
    return slot_.value.take();
  }

 private:
  oneshot_slot<T>& slot_;
};

/// Waits until nobody will receive any more.
class [[nodiscard]] oneshot_refusal final : public queued_awaiter<oneshot_refusal> {
 public:
  explicit oneshot_refusal(oneshot_state& state) noexcept : queued_awaiter("oneshot"), state_(state) {}
  oneshot_refusal(oneshot_refusal&&) noexcept = default;
  ~oneshot_refusal() { withdraw(); }
  void await_resume() { finish(); }

 private:
  friend queued_awaiter;
  [[nodiscard]] wait_site& site() const noexcept { return state_.site; }
  [[nodiscard]] bool enter(wake_list& woken) const noexcept;
  [[nodiscard]] wait_list& line() const noexcept;
  void leave(bool /*granted*/, wake_list& /*woken*/) const noexcept {}

  oneshot_state& state_;
};

[[noreturn]] void throw_nothing_to_receive(oneshot_state::phase phase);
[[noreturn]] void throw_empty_end();

}  // namespace charkha::detail
