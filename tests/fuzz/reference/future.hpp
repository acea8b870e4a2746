// SPDX-License-Identifier: Apache-2.0
// A result to come, and the callbacks that wait for it.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "fuzz/reference/loop.hpp"

namespace charkha::fuzz::reference {

struct cancelled_error final : std::exception {};

class future_state : public std::enable_shared_from_this<future_state> {
 public:
  future_state() noexcept = default;
  virtual ~future_state() = default;
  future_state(const future_state&) = delete;
  future_state& operator=(const future_state&) = delete;

  [[nodiscard]] bool done() const noexcept { return kind_ != kind::pending; }
  [[nodiscard]] bool was_cancelled() const noexcept { return kind_ == kind::cancelled; }
  [[nodiscard]] std::exception_ptr error() const noexcept { return error_; }
  [[nodiscard]] int result() const {
    if (kind_ == kind::cancelled) throw cancelled_error();
    if (error_) std::rethrow_exception(error_);
    return value_;
  }

  virtual bool cancel() {
    if (done()) return false;
    become_cancelled();
    return true;
  }
  void set_result(int value) {
    value_ = value;
    complete(kind::value);
  }
  void set_error(std::exception_ptr error) {
    error_ = std::move(error);
    complete(kind::error);
  }

  /// Called in a turn of its own after the completion.
  std::uint64_t add_callback(std::function<void()> function) {
    if (done()) {
      loop::current().call_soon(std::move(function));
    } else {
      callbacks_.emplace_back(next_callback_, std::move(function));
    }
    return next_callback_++;
  }
  void remove_callback(std::uint64_t number) {
    std::erase_if(callbacks_, [number](const auto& each) { return each.first == number; });
  }

 protected:
  void become_cancelled() { complete(kind::cancelled); }

 private:
  enum class kind : std::uint8_t { pending, value, error, cancelled };

  void complete(kind how) {
    kind_ = how;
    for (auto& each : std::exchange(callbacks_, {})) loop::current().call_soon(std::move(each.second));
  }

  kind kind_ = kind::pending;
  int value_ = 0;
  std::exception_ptr error_;
  std::vector<std::pair<std::uint64_t, std::function<void()>>> callbacks_;
  std::uint64_t next_callback_ = 0;
};
using future = std::shared_ptr<future_state>;

[[nodiscard]] inline future make_future() { return std::make_shared<future_state>(); }

}  // namespace charkha::fuzz::reference
