// SPDX-License-Identifier: Apache-2.0
// What a watch and its receivers share: the newest value and its version.
//
// Invariant, under the lock: a task waits => it has seen the present version, and the watch is not closed.
// Values are made, copied and freed outside the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "charkha/detail/wait_queue.hpp"

namespace charkha::detail {

class watch_state {
 public:
  using version = std::uint64_t;
  using value = std::shared_ptr<const void>;

  explicit watch_state(value first) noexcept : newest_(std::move(first)) {}
  watch_state(const watch_state&) = delete;
  watch_state& operator=(const watch_state&) = delete;

  /// False: it is closed.
  [[nodiscard]] bool send(value next) noexcept;
  void close() noexcept;

  [[nodiscard]] value newest() const noexcept;
  /// The same; `seen` becomes its version.
  [[nodiscard]] value newest(version& seen) const noexcept;
  [[nodiscard]] version present() const noexcept;

  void add_receiver() noexcept;
  void drop_receiver() noexcept;
  [[nodiscard]] std::size_t receivers() const noexcept;

  mutable wait_site site;

 private:
  friend class watch_change;

  value newest_ CHARKHA_GUARDED_BY(site.lock);
  version present_ CHARKHA_GUARDED_BY(site.lock) = 0;
  bool closed_ CHARKHA_GUARDED_BY(site.lock) = false;
  std::size_t receivers_ CHARKHA_GUARDED_BY(site.lock) = 0;
  wait_list waiters_ CHARKHA_GUARDED_BY(site.lock);
};

/// Waits for a version other than the one that was seen.
class [[nodiscard]] watch_change final : public queued_awaiter<watch_change> {
 public:
  watch_change(watch_state& state, watch_state::version& seen) noexcept
      : queued_awaiter("watch"), state_(state), seen_(seen) {}
  watch_change(watch_change&&) noexcept = default;
  ~watch_change() { withdraw(); }
  void await_resume();

 private:
  friend queued_awaiter;
  [[nodiscard]] wait_site& site() const noexcept { return state_.site; }
  [[nodiscard]] bool enter(wake_list& woken) const noexcept;
  [[nodiscard]] wait_list& line() const noexcept;
  void leave(bool /*granted*/, wake_list& /*woken*/) const noexcept {}

  watch_state& state_;
  watch_state::version& seen_;
};

[[noreturn]] void throw_watch_closed();
[[noreturn]] void throw_empty_watch_receiver();

}  // namespace charkha::detail
