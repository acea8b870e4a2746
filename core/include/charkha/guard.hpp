// SPDX-License-Identifier: Apache-2.0
// guard: holds a lock, a permit or the like for a scope.
#pragma once

#include <utility>

#include "charkha/usage_error.hpp"

namespace charkha {

namespace detail {

struct release_plainly {
  template <class Primitive>
  void operator()(Primitive& held) const {
    held.release();
  }
};

}  // namespace detail

/// Gives back what was acquired when it goes: what hold() of lock, condition, semaphore and shared_lock gives. Plays the
/// part of asyncio's `async with`.
///
/// Movable; may give back early. Needs no worker: it may be moved to and end on any thread, one at a time.
template <class Primitive, class Release = detail::release_plainly>
class [[nodiscard("it is given back when the guard goes")]] guard {
 public:
  /// Holds nothing.
  guard() noexcept = default;
  /// Takes over what the caller has acquired.
  explicit guard(Primitive& held) noexcept : held_(&held) {}
  guard(guard&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  /// Gives back what it held before.
  guard& operator=(guard&& other) noexcept {
    if (this != &other) {
      drop();
      held_ = std::exchange(other.held_, nullptr);
    }
    return *this;
  }
  /// Leaves it at that if it has been given back by somebody else.
  ~guard() { drop(); }

  /// Gives it back now. Does nothing if it holds nothing. Throws usage_error if it has been given back by somebody else.
  void release() {
    if (held_ != nullptr) Release()(*std::exchange(held_, nullptr));
  }
  /// Does it hold anything?
  [[nodiscard]] explicit operator bool() const noexcept { return held_ != nullptr; }

 private:
  // A guard may go with the frame of a task that waits for a condition, which had released the lock.
  void drop() noexcept {
    try {
      release();
    } catch (const usage_error&) {  // NOLINT(bugprone-empty-catch): a destructor can tell nobody
    }
  }

  Primitive* held_ = nullptr;
};

}  // namespace charkha
