// SPDX-License-Identifier: Apache-2.0
// callback_handle: what call_soon, call_later and call_at give.
#pragma once

#include <optional>
#include <utility>

#include "charkha/clock.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/scheduled_callback.hpp"

namespace charkha {

/// A call that is to come. Copyable; dropping it changes nothing. As `asyncio.Handle` and `asyncio.TimerHandle`.
///
/// The functions may be called from any thread, on handles that no other thread changes at the same time; on an empty
/// handle they do nothing.
class callback_handle {
 public:
  /// An empty handle.
  callback_handle() noexcept = default;
  explicit callback_handle(detail::intrusive_ptr<detail::scheduled_callback> callback) noexcept
      : callback_(std::move(callback)) {}
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(callback_); }

  /// The call will not be made, unless it is being made or was. A timer is taken back at once.
  void cancel() const noexcept {
    if (callback_) callback_->cancel();
  }
  /// Was cancel() called?
  [[nodiscard]] bool cancelled() const noexcept { return callback_ && callback_->is_cancelled(); }
  /// When a call_later or call_at is due; nothing for call_soon.
  [[nodiscard]] std::optional<clock::time_point> when() const noexcept {
    if (!callback_ || callback_->deadline() == detail::scheduled_callback::no_deadline) return std::nullopt;
    return clock::time_point(clock::duration(callback_->deadline()));
  }

 private:
  detail::intrusive_ptr<detail::scheduled_callback> callback_;
};

namespace detail {

/// `here`: the calling worker if it is one of the runtime's, or null.
template <class Function>
callback_handle schedule_call(executor& runtime, worker_context* here, std::int64_t deadline, Function&& function,
                              const std::source_location& site) {
  using callback = typed_scheduled_callback<std::decay_t<Function>>;
  auto made = intrusive_ptr<scheduled_callback>::adopt(
      *new callback(runtime, here, deadline, site, std::forward<Function>(function)));
  made->schedule(here);
  return callback_handle(std::move(made));
}

}  // namespace detail
}  // namespace charkha
