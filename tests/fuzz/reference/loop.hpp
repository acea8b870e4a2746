// SPDX-License-Identifier: Apache-2.0
// One queue of calls, in turns, and timers under virtual time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace charkha::fuzz::reference {

using nanoseconds = std::chrono::nanoseconds;

struct call {
  std::function<void()> function;
  bool cancelled = false;
  std::optional<std::pair<nanoseconds, std::uint64_t>> due;  // its key among the timers
};
using call_handle = std::shared_ptr<call>;

class task_state;

class loop {
 public:
  static loop& current() noexcept { return *running(); }

  loop() noexcept { running() = this; }
  ~loop() { running() = nullptr; }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  call_handle call_soon(std::function<void()> function) {
    ready_.push_back(std::make_shared<call>(call{std::move(function), false, {}}));
    return ready_.back();
  }
  call_handle call_at(nanoseconds when, std::function<void()> function) {
    auto made = std::make_shared<call>(call{std::move(function), false, std::pair(when, next_timer_++)});
    timers_.emplace(*made->due, made);
    return made;
  }
  void cancel(const call_handle& made) {
    made->cancelled = true;
    if (made->due) timers_.erase(*made->due);
  }

  /// One turn: what is ready when it begins. False: nothing can ever happen again.
  bool turn() {
    if (ready_.empty()) {
      if (timers_.empty()) return false;
      now_ = std::max(now_, timers_.begin()->first.first);
    }
    while (!timers_.empty() && timers_.begin()->first.first <= now_) {
      timers_.begin()->second->due.reset();
      ready_.push_back(timers_.begin()->second);
      timers_.erase(timers_.begin());
    }
    for (auto left = ready_.size(); left > 0; --left) {
      const call_handle next = ready_.front();
      ready_.pop_front();
      if (!next->cancelled) next->function();
    }
    return true;
  }

  [[nodiscard]] nanoseconds now() const noexcept { return now_; }
  task_state* task = nullptr;  // whose step it is

 private:
  static loop*& running() noexcept {
    static loop* here = nullptr;
    return here;
  }

  std::deque<call_handle> ready_;
  std::map<std::pair<nanoseconds, std::uint64_t>, call_handle> timers_;
  std::uint64_t next_timer_ = 0;
  nanoseconds now_{0};
};

}  // namespace charkha::fuzz::reference
