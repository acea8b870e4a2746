// SPDX-License-Identifier: Apache-2.0
// timeout_scope: a deadline for a piece of a task, as an object that can be asked and moved while it runs.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "charkha/cancelled_error.hpp"
#include "charkha/clock.hpp"
#include "charkha/coro.hpp"
#include "charkha/detail/duration.hpp"
#include "charkha/detail/own_cancel.hpp"
#include "charkha/detail/scope_body.hpp"
#include "charkha/detail/timer_entry.hpp"
#include "charkha/timeout_error.hpp"

namespace charkha {

class timeout_scope;

namespace detail {

/// A point in time, on the clock of the calling worker.
struct relative_deadline {
  clock::time_point time;
  bool was_ahead;  // when it was made: nobody needs to read the clock again to arm it
};

/// The deadline that is `duration` from now. Throws usage_error on a thread that is no worker.
[[nodiscard]] relative_deadline deadline_after(std::chrono::nanoseconds duration);

template <class Make, class Body>
coro<scope_value_t<Body, timeout_scope>> run_with_deadline(Make make, Body body);

}  // namespace detail

/// A deadline for a body that runs in the awaiting task. As `asyncio.Timeout`.
///
///     timeout_scope scope(5s);
///     co_await scope.run([&]() -> coro<> { ... scope.reschedule(clock::now() + 5s); ... });
///
/// When the deadline passes, the task is cancelled inside the body, once, and when that has unwound timeout_error is
/// thrown by run(), with the cancelled_error nested in it. Scopes nest: only the one whose deadline passed converts; a cancel request from outside stays
/// cancelled_error. A body that swallows the cancellation and returns gives its value.
///
/// when(), expired() and reschedule() may be called by several workers at once, as long as the scope lives.
class timeout_scope final : private detail::timer_entry {
 public:
  /// The deadline is `duration` from now, zero or less expires at the body's first suspension. On a worker only:
  /// elsewhere it throws usage_error. Throws std::invalid_argument if `duration` is not a number.
  template <class Rep, class Period>
  explicit timeout_scope(std::chrono::duration<Rep, Period> duration)
      : timeout_scope(detail::deadline_after(detail::to_nanoseconds(duration))) {}
  /// The deadline is a point in time of the runtime's clock, or std::nullopt: there is none. Anywhere.
  explicit timeout_scope(std::optional<clock::time_point> deadline) noexcept
      : timer_entry(true), when_(deadline ? nanoseconds(*deadline) : no_deadline) {}
  /// What timeout() makes.
  explicit timeout_scope(detail::relative_deadline deadline) noexcept
      : timer_entry(true), was_ahead_(deadline.was_ahead), when_(nanoseconds(deadline.time)) {}
  timeout_scope(const timeout_scope&) = delete;
  timeout_scope& operator=(const timeout_scope&) = delete;
  ~timeout_scope() = default;

  /// Runs `body` under the deadline and gives its value: a callable that gives a coro, called with this scope if it
  /// takes one, or a coro. It is kept in a frame until it has ended: captures cannot dangle. Once only: entering a scope
  /// again, nested or after its end, throws usage_error, as does entering outside a task. Throws timeout_error, and what
  /// the body throws. The scope must outlive it.
  template <class Body>
    requires detail::scope_body<Body, timeout_scope>
  [[nodiscard]] auto run(Body&& body) {
    return detail::run_with_deadline([this]() noexcept -> timeout_scope& { return *this; }, std::forward<Body>(body));
  }

  /// The deadline as it stands, std::nullopt if there is none. From any thread.
  [[nodiscard]] std::optional<clock::time_point> when() const noexcept {
    const auto deadline = when_.load(std::memory_order_relaxed);
    return deadline == no_deadline ? std::nullopt : std::optional(clock::time_point(clock::duration(deadline)));
  }

  /// Has the deadline passed while the body ran? Stays true after the end. From any thread.
  [[nodiscard]] bool expired() const noexcept { return expired_.load(std::memory_order_relaxed); }

  /// Moves the deadline, or takes it away (std::nullopt); one that is past expires at the body's next suspension.
  /// By any task of the runtime in which the scope was entered, while it is. Throws usage_error before the scope was
  /// entered, after it ended or expired, on a thread that is no worker of that runtime.
  void reschedule(std::optional<clock::time_point> deadline);

 private:
  template <class Make, class Body>
  friend coro<detail::scope_value_t<Body, timeout_scope>> detail::run_with_deadline(Make make, Body body);

  enum class phase : std::uint8_t { created, entered, left };

  /// From its making to leave(), what the scope is there for.
  class entry {
   public:
    explicit entry(timeout_scope& scope) : scope_(scope) { scope_.enter(); }
    ~entry() { static_cast<void>(leave()); }
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    /// True: the deadline passed, and no other cancel request came, so a cancelled_error that leaves the body is this
    /// scope's own (R44, R45).
    [[nodiscard]] bool leave() noexcept { return scope_.leave(); }

   private:
    timeout_scope& scope_;
  };

  // The least point in time there is stands for none.
  static constexpr std::int64_t no_deadline = std::numeric_limits<std::int64_t>::min();
  static std::int64_t nanoseconds(clock::time_point time) noexcept {
    const std::int64_t count = time.time_since_epoch().count();
    return count == no_deadline ? no_deadline + 1 : count;
  }

  void enter();
  [[nodiscard]] bool leave() noexcept;

  // under the timer shard's lock
  [[nodiscard]] detail::ready_item* expire() noexcept override;
  [[nodiscard]] bool accept_deadline(std::optional<std::int64_t> deadline) noexcept override;
  // by whoever expired it
  void finish_expiry() noexcept override;

  detail::own_cancel own_;
  detail::executor* runtime_ = nullptr;       // whose clock it is; set on entry
  const bool was_ahead_ = false;              // the deadline, when it was set
  std::atomic<std::int64_t> when_;            // written under the shard's lock once it is entered
  std::atomic<phase> phase_{phase::created};  // written by the task that enters
  std::atomic<bool> expired_{false};          // written under the shard's lock
};

namespace detail {

/// `make` gives the scope: a new one, or a reference to one that somebody holds.
template <class Make, class Body>
coro<scope_value_t<Body, timeout_scope>> run_with_deadline(Make make, Body body) {
  decltype(auto) scope = make();
  timeout_scope::entry entered(scope);
  auto work = start_body<Body, timeout_scope>(body, scope);
  try {
    co_return co_await std::move(work);
  } catch (const cancelled_error&) {
    if (!entered.leave()) throw;
    std::throw_with_nested(timeout_error());
  }
}

}  // namespace detail
}  // namespace charkha
