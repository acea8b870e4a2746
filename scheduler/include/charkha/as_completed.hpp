// SPDX-License-Identifier: Apache-2.0
// as_completed: takes the results of several tasks in the order in which they end.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <unordered_set>
#include <utility>
#include <vector>

#include "charkha/any_future.hpp"
#include "charkha/call_soon.hpp"
#include "charkha/callback_handle.hpp"
#include "charkha/coro.hpp"
#include "charkha/detail/awaitable.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "charkha/semaphore.hpp"
#include "charkha/timeout_error.hpp"

namespace charkha {

namespace detail {

/// What the handles' callbacks, the timer and those who take share.
template <class Handle>
class completion_feed : public std::enable_shared_from_this<completion_feed<Handle>> {
 public:
  using value_type = typename Handle::value_type;

  explicit completion_feed(std::vector<Handle> handles)
      : handles_(std::move(handles)), pending_(handles_.size()), untaken_(handles_.size()) {
    ended_.reserve(handles_.size());  // a completion that finds no memory would be lost
  }

  void start(std::chrono::nanoseconds timeout) {
    callbacks_.reserve(handles_.size());
    for (const auto& each : handles_) {
      callbacks_.push_back(
          each.add_done_callback([feed = this->shared_from_this()](const Handle& ended) { feed->completed(ended); }));
    }
    if (timeout == std::chrono::nanoseconds::max() || handles_.empty()) return;
    const auto timer = call_later(timeout, [feed = this->shared_from_this()] { feed->time_is_up(); });
    bool over = false;
    {
      const spin_guard guard(lock_);
      timer_ = timer;
      over = pending_ == 0;
    }
    if (over) timer.cancel();
  }

  /// The right to take one more. False: none is left.
  [[nodiscard]] bool claim() noexcept {
    const spin_guard guard(lock_);
    if (untaken_ == 0) return false;
    --untaken_;
    return true;
  }
  [[nodiscard]] bool exhausted() const noexcept {
    const spin_guard guard(lock_);
    return untaken_ == 0;
  }

  /// After claim().
  static coro<Handle> take(std::shared_ptr<completion_feed> feed) {
    co_await feed->arrived_.acquire();
    std::optional<Handle> ended = feed->next_ended();
    if (!ended) throw timeout_error();
    co_return *std::move(ended);
  }
  static coro<value_type> take_value(std::shared_ptr<completion_feed> feed) {
    Handle ended = co_await take(std::move(feed));
    co_return co_await std::move(ended);
  }

 private:
  void completed(const Handle& ended) {
    callback_handle timer;
    {
      const spin_guard guard(lock_);
      if (pending_ == 0) return;  // the time was up first
      if (--pending_ == 0) timer = std::exchange(timer_, {});
      ended_.push_back(ended);
    }
    arrived_.release();
    timer.cancel();
  }
  void time_is_up() {
    std::size_t missing = 0;
    {
      const spin_guard guard(lock_);
      std::swap(missing, pending_);
    }
    for (std::size_t i = 0; i < handles_.size(); ++i) handles_[i].remove_done_callback(callbacks_[i]);
    arrived_.release(static_cast<std::ptrdiff_t>(missing));
  }
  /// Nothing: it is one of those that the time was up for.
  [[nodiscard]] std::optional<Handle> next_ended() noexcept {
    const spin_guard guard(lock_);
    if (given_ == ended_.size()) return std::nullopt;
    return std::move(ended_[given_++]);
  }

  std::vector<Handle> handles_;
  std::vector<done_callback_id> callbacks_;  // set before the timer
  semaphore arrived_{0};                     // one for each that has ended or will not be waited for any more
  mutable spin_lock lock_;
  std::vector<Handle> ended_ CHARKHA_GUARDED_BY(lock_);
  std::size_t given_ CHARKHA_GUARDED_BY(lock_) = 0;  // of those
  callback_handle timer_ CHARKHA_GUARDED_BY(lock_);
  std::size_t pending_ CHARKHA_GUARDED_BY(lock_);  // neither ended nor given up
  std::size_t untaken_ CHARKHA_GUARDED_BY(lock_);  // nobody has claimed
};

}  // namespace detail

/// The tasks of as_completed(), in the order of their end. Copies of it share what is left.
template <class Handle>
class [[nodiscard]] completions {
 public:
  using value_type = typename Handle::value_type;

  explicit completions(std::shared_ptr<detail::completion_feed<Handle>> feed) noexcept : feed_(std::move(feed)) {}

  /// Waits for the next task to end and gives its handle, the one that was passed in; nothing when all were given.
  /// Throws timeout_error once the time is up, for each that had not ended; cancelled_error. Several tasks may take from
  /// one as_completed: none is given twice.
  [[nodiscard]] coro<std::optional<Handle>> next() const { return next_of(feed_); }

  /// Goes through what is left: each step gives a coro; awaiting it gives the value, or throws the error, of the next
  /// task to end, whichever coro is awaited first. Throws timeout_error as next().
  class iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = coro<typename Handle::value_type>;

    iterator() noexcept = default;
    explicit iterator(std::shared_ptr<detail::completion_feed<Handle>> feed) : feed_(std::move(feed)) { advance(); }
    [[nodiscard]] value_type operator*() const { return detail::completion_feed<Handle>::take_value(feed_); }
    iterator& operator++() {
      advance();
      return *this;
    }
    void operator++(int) { advance(); }
    friend bool operator==(const iterator& it, std::default_sentinel_t /*end*/) noexcept { return it.feed_ == nullptr; }

   private:
    void advance() {
      if (!feed_->claim()) feed_ = nullptr;
    }
    std::shared_ptr<detail::completion_feed<Handle>> feed_;
  };
  [[nodiscard]] iterator begin() const { return iterator(feed_); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  static coro<std::optional<Handle>> next_of(std::shared_ptr<detail::completion_feed<Handle>> feed) {
    if (!feed->claim()) co_return std::nullopt;
    Handle ended = co_await detail::completion_feed<Handle>::take(std::move(feed));
    co_return std::optional<Handle>(std::move(ended));
  }

  std::shared_ptr<detail::completion_feed<Handle>> feed_;
};

/// Runs the awaitables of a range side by side (coros become tasks) and gives them in the order in which they end. As
/// `asyncio.as_completed`, in both of its forms:
///
///     auto done = as_completed(tasks);
///     while (auto task = co_await done.next()) use(task->result());     // the handles themselves
///     for (auto next : as_completed(tasks)) { auto value = co_await std::move(next); ... }   // their values
///
/// After `timeout`, counted from the call, those that have not ended throw timeout_error; none is cancelled, and leaving
/// the loop early cancels none either. The same task given twice counts once. Cancelling whoever waits leaves the tasks
/// alone. Coros are moved out of the range; handles are copied, unless it is an rvalue. On a worker only. Throws
/// usage_error elsewhere and for tasks of another runtime.
template <std::ranges::input_range Range>
  requires detail::awaitable<std::ranges::range_value_t<Range>>
[[nodiscard]] auto as_completed(Range&& awaitables, std::chrono::nanoseconds timeout = std::chrono::nanoseconds::max(),
                                const std::source_location& site = std::source_location::current()) {
  using handle = detail::handle_of<std::ranges::range_value_t<Range>>;
  auto& here = detail::current_runtime();
  std::vector<handle> distinct;
  std::unordered_set<const void*> seen;
  for (auto&& each : awaitables) {
    auto added = detail::element_to_handle<Range>(each, site);
    auto& core = detail::handle_access::core(added);
    if (&core.home() != &here) detail::throw_foreign("as_completed", core);
    if (seen.insert(&core).second) distinct.push_back(std::move(added));
  }
  auto feed = std::make_shared<detail::completion_feed<handle>>(std::move(distinct));
  feed->start(timeout);
  return completions<handle>(std::move(feed));
}

}  // namespace charkha
