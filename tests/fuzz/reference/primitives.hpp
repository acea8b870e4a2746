// SPDX-License-Identifier: Apache-2.0
// Locks, semaphores, events, queues.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <exception>
#include <limits>
#include <list>
#include <utility>

#include "fuzz/reference/future.hpp"
#include "fuzz/reference/task.hpp"

namespace charkha::fuzz::reference {

class lock {
 public:
  [[nodiscard]] bool locked() const noexcept { return locked_; }
  coro acquire() {
    const auto cancelled = [](const future& each) { return each->was_cancelled(); };
    if (!locked_ && std::all_of(waiters_.begin(), waiters_.end(), cancelled)) {
      locked_ = true;
      co_return 0;
    }
    const future turn = make_future();
    waiters_.push_back(turn);
    try {
      co_await wait_for(turn);
    } catch (...) {
      waiters_.remove(turn);
      if (!locked_) wake_first();
      throw;
    }
    waiters_.remove(turn);
    locked_ = true;
    co_return 0;
  }
  void release() {
    locked_ = false;
    wake_first();
  }

 private:
  void wake_first() {
    for (const auto& each : waiters_) {
      if (each->was_cancelled()) continue;
      if (!each->done()) each->set_result(0);
      return;
    }
  }
  bool locked_ = false;
  std::list<future> waiters_;
};

class semaphore {
 public:
  explicit semaphore(int permits) noexcept : permits_(permits) {}
  [[nodiscard]] bool locked() const {
    return permits_ == 0 ||
           std::any_of(waiters_.begin(), waiters_.end(), [](const future& each) { return !each->was_cancelled(); });
  }
  coro acquire() {
    if (!locked()) {
      --permits_;
      co_return 0;
    }
    const future turn = make_future();
    waiters_.push_back(turn);
    std::exception_ptr error;
    try {
      co_await wait_for(turn);
    } catch (...) {
      error = std::current_exception();
    }
    waiters_.remove(turn);
    if (error && !turn->was_cancelled()) ++permits_;
    while (permits_ > 0 && wake_next()) {
    }
    if (error) std::rethrow_exception(error);
    co_return 0;
  }
  [[nodiscard]] bool try_acquire() {
    if (locked()) return false;
    --permits_;
    return true;
  }
  void release() {
    ++permits_;
    wake_next();
  }

 private:
  bool wake_next() {
    for (const auto& each : waiters_) {
      if (each->done()) continue;
      --permits_;
      each->set_result(0);
      return true;
    }
    return false;
  }
  int permits_;
  std::list<future> waiters_;
};

class event {
 public:
  coro wait() {
    if (set_) co_return 0;
    const future woken = make_future();
    waiters_.push_back(woken);
    try {
      co_await wait_for(woken);
    } catch (...) {
      waiters_.remove(woken);
      throw;
    }
    waiters_.remove(woken);
    co_return 0;
  }
  void set() {
    if (std::exchange(set_, true)) return;
    for (const auto& each : waiters_) {
      if (!each->done()) each->set_result(0);
    }
  }
  void clear() noexcept { set_ = false; }

 private:
  bool set_ = false;
  std::list<future> waiters_;
};

class queue {
 public:
  explicit queue(std::size_t capacity) noexcept
      : capacity_(capacity == 0 ? std::numeric_limits<std::size_t>::max() : capacity) {}
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

  coro put(int item) {
    if (capacity_ - items_.size() <= slots_promised_) {
      co_await promised(putters_, slots_promised_);
      --slots_promised_;
    }
    items_.push_back(item);
    settle();
    co_return 0;
  }
  coro get() {
    if (items_.size() <= items_promised_) {
      co_await promised(getters_, items_promised_);
      --items_promised_;
    }
    const int item = items_.front();
    items_.pop_front();
    settle();
    co_return item;
  }

 private:
  coro promised(std::list<future>& waiters, std::size_t& promises) {
    const future turn = make_future();
    waiters.push_back(turn);
    try {
      co_await wait_for(turn);
    } catch (...) {
      if (turn->was_cancelled()) {
        waiters.remove(turn);
      } else {
        --promises;
        settle();
      }
      throw;
    }
    co_return 0;
  }
  void settle() {
    while (items_.size() > items_promised_ && wake(getters_)) ++items_promised_;
    while (capacity_ - items_.size() > slots_promised_ && wake(putters_)) ++slots_promised_;
  }
  static bool wake(std::list<future>& waiters) {
    while (!waiters.empty()) {
      const future first = waiters.front();
      waiters.pop_front();
      if (first->done()) continue;
      first->set_result(0);
      return true;
    }
    return false;
  }

  std::size_t capacity_;
  std::deque<int> items_;
  std::size_t items_promised_ = 0, slots_promised_ = 0;
  std::list<future> getters_, putters_;
};

}  // namespace charkha::fuzz::reference
