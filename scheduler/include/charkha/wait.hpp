// SPDX-License-Identifier: Apache-2.0
// wait: waits until some of several tasks are done, and says which.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <iterator>
#include <limits>
#include <ranges>
#include <stdexcept>
#include <unordered_set>
#include <utility>
#include <vector>

#include "charkha/any_future.hpp"
#include "charkha/coro.hpp"
#include "charkha/create_task.hpp"
#include "charkha/detail/awaitable.hpp"
#include "charkha/detail/completion_set.hpp"
#include "charkha/detail/timer_entry.hpp"

namespace charkha {

/// When wait() returns.
enum class return_when : std::uint8_t {
  all_completed,    ///< when all are done
  first_completed,  ///< when one is done
  first_exception,  ///< when one has failed (being cancelled is no failure), or all are done
};

/// For designated initialisers: `wait(tasks, {.until = return_when::first_completed, .timeout = 1s})`.
struct wait_options {
  return_when until = return_when::all_completed;
  /// How long to wait at most, from when the wait begins. The greatest value: for ever.
  std::chrono::nanoseconds timeout = std::chrono::nanoseconds::max();
};

/// What wait() gives: the same handles, parted, in the order in which they were given.
template <class Handle>
struct wait_result {
  std::vector<Handle> done;
  std::vector<Handle> pending;
};

namespace detail {

/// Waits until a set has settled or a deadline has passed.
class [[nodiscard]] timed_completion_wait final : public completion_wait, public timer_entry {
 public:
  timed_completion_wait(intrusive_ptr<completion_set> set, std::chrono::nanoseconds timeout,
                        std::string_view name) noexcept
      : completion_wait(std::move(set), name), timer_entry(true), timeout_(timeout.count()) {}
  ~timed_completion_wait();

  template <charkha_promise Promise>
  bool await_suspend(std::coroutine_handle<Promise> frame) {
    return wait_until(*frame.promise().task, frame);
  }
  /// Throws what a cancel request throws. The children are not waited for any more.
  void await_resume();

  [[nodiscard]] ready_item* expire() noexcept override { return complete(); }

 private:
  bool wait_until(task_core& self, std::coroutine_handle<> frame);
  void leave() noexcept;

  std::int64_t timeout_;
  bool left_ = false;
};

[[nodiscard]] settle_when settle_rule(return_when until);

template <class Handle>
coro<wait_result<Handle>> wait_for_some(std::vector<Handle> handles, wait_options options) {
  auto set = completion_set::make(current_runtime(), handles.size(), settle_rule(options.until), false);
  for (std::size_t i = 0; i < handles.size(); ++i) set->set_child(i, handle_access::shared(handles[i]));
  set->start(false, "wait");
  co_await timed_completion_wait(set, options.timeout, "wait");
  wait_result<Handle> result;
  for (auto& handle : handles) (handle.done() ? result.done : result.pending).push_back(std::move(handle));
  co_return result;
}

}  // namespace detail

/// Waits for tasks or futures, given as a range of handles of one type (any_future takes all), until options.until says
/// so or options.timeout has passed, and gives those that are done and those that are not. As `asyncio.wait`.
///
/// Throws none of their errors and cancels none of them, not even when it times out or is cancelled itself. The same
/// task given twice counts once. More may be done than those that ended the wait. Throws std::invalid_argument for no
/// tasks at all, usage_error for a task of another runtime; cancelled_error.
template <std::ranges::input_range Range>
  requires detail::handle_like<std::ranges::range_value_t<Range>>
[[nodiscard]] auto wait(Range&& handles, wait_options options = {}) {
  using handle = std::ranges::range_value_t<Range>;
  std::vector<handle> distinct;
  std::unordered_set<const void*> seen;
  for (auto&& each : handles) {
    if (seen.insert(&detail::handle_access::core(each)).second) distinct.push_back(each);
  }
  if (distinct.empty()) throw std::invalid_argument("charkha: wait() needs at least one task to wait for");
  static_cast<void>(detail::settle_rule(options.until));
  return detail::wait_for_some<handle>(std::move(distinct), options);
}

}  // namespace charkha
