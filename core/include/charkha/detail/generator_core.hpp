// SPDX-License-Identifier: Apache-2.0
// What all generators share, whatever they give: who may advance one, and how it is closed and destroyed.
//
//   fresh --next()--> in a turn --co_yield--> suspended --next(), close()--> in a turn
//                        '--the body ends, throws, or yields when it is closed--> finished
//   fresh --close()--> finished
//
// A turn is one next() or close() that is being awaited. It is taken before anything is looked at, so that of two at the
// same time, on two workers perhaps, exactly one gets it, and given back after the item was read.
//
// Generator and turn know each other. If the one who awaits is destroyed in a turn (its runtime is torn down), nobody is
// left to carry the body on: the turn ends it. If the generator is, its awaiter can never go on.
#pragma once

#include <atomic>
#include <cassert>
#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

#include "charkha/detail/promise_base.hpp"
#include "charkha/generator_exit.hpp"

namespace charkha::detail {

class generator_turn;

class generator_promise_base : public promise_base {
 public:
  void return_void() const noexcept {}
  void unhandled_exception() noexcept;

  bool closing = false;
  std::exception_ptr error;
};

/// The owner of a generator's frame.
class generator_core {
 public:
  generator_core(const generator_core&) = delete;
  generator_core& operator=(const generator_core&) = delete;

 protected:
  generator_core(std::coroutine_handle<> frame, generator_promise_base& promise) noexcept
      : frame_(frame), promise_(&promise) {}
  generator_core(generator_core&& other) noexcept { take(other); }
  generator_core& operator=(generator_core&& other) noexcept {
    if (this != &other) {
      destroy();
      take(other);
    }
    return *this;
  }
  ~generator_core() { destroy(); }

 private:
  friend generator_turn;

  void take(generator_core& other) noexcept {
    assert(other.turn_ == nullptr && "a generator must not be moved while somebody awaits its next item");
    frame_ = std::exchange(other.frame_, nullptr);
    promise_ = std::exchange(other.promise_, nullptr);
    started_ = other.started_;
    finished_ = std::exchange(other.finished_, false);
  }
  void destroy() noexcept {
    if (turn_ != nullptr) forsake_turn();
    if (frame_) std::exchange(frame_, nullptr).destroy();
  }
  void forsake_turn() noexcept;
  void finish() noexcept {
    finished_ = true;
    std::exchange(frame_, nullptr).destroy();
  }

  std::coroutine_handle<> frame_;  // null when it is finished, or was moved from
  generator_promise_base* promise_ = nullptr;
  generator_turn* turn_ = nullptr;  // the awaiter that the body runs for
  std::atomic<bool> in_turn_{false};
  bool started_ = false;
  bool finished_ = false;
};

/// The awaiter of next() and of close().
class generator_turn {
 public:
  generator_turn(const generator_turn&) = delete;
  generator_turn& operator=(const generator_turn&) = delete;

 protected:
  explicit generator_turn(generator_core& of) noexcept : generator_(&of) {}
  ~generator_turn() {
    if (running_) break_off();
  }

  /// Takes the turn. False: it is finished. Throws usage_error if another turn is being taken, or it was moved from.
  [[nodiscard]] bool enter() {
    // [generator-turn] acquire: all that the body did up to its last co_yield, and that the one who took it out did.
    if (generator_->in_turn_.exchange(true, std::memory_order_acquire)) refuse_running();
    if (!generator_->frame_ && !generator_->finished_) refuse_empty();
    return !generator_->finished_;
  }
  /// Ends a generator that never ran. False: it has run.
  [[nodiscard]] bool discard_fresh() noexcept {
    if (!generator_->started_) generator_->finish();
    return !generator_->started_;
  }

  /// Suspends the caller and goes on in the body, as part of the caller's task.
  [[nodiscard]] std::coroutine_handle<> advance(task_core& task, std::coroutine_handle<> caller) noexcept {
    generator_core& generator = *generator_;
    generator.turn_ = this;
    generator.started_ = true;
    generator.promise_->task = &task;
    generator.promise_->continuation = caller;
    running_ = true;
    return generator.frame_;
  }
  void request_close() noexcept { generator_->promise_->closing = true; }

  /// Back in the caller. False: the body has ended, its frame is gone and `error` is what it threw.
  [[nodiscard]] bool came_to_yield(std::exception_ptr& error) noexcept {
    running_ = false;
    generator_core& generator = *generator_;
    generator.turn_ = nullptr;
    if (!generator.frame_.done()) return true;
    error = std::move(generator.promise_->error);
    generator.finish();
    return false;
  }
  /// Destroys the body where it is suspended.
  void abandon_body() noexcept { generator_->finish(); }

  /// Gives the turn back. Nothing of the generator is touched afterwards.
  void leave() noexcept {
    // [generator-turn] release: the body and its item, for whoever advances it next.
    generator_->in_turn_.store(false, std::memory_order_release);
  }

  [[nodiscard]] bool ran() const noexcept { return generator_->turn_ == this; }
  [[nodiscard]] generator_promise_base& promise() const noexcept { return *generator_->promise_; }

 private:
  friend generator_core;

  [[noreturn]] static void refuse_running();
  [[noreturn]] void refuse_empty();
  void break_off() noexcept;

  generator_core* generator_;
  bool running_ = false;  // between advance() and the resumption
};

/// Suspends the body at a co_yield and gives control back to the one who awaits the item.
class [[nodiscard]] co_yield_awaiter {
 public:
  explicit co_yield_awaiter(const generator_promise_base& promise) noexcept : promise_(promise) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> /*body*/) const noexcept {
    return promise_.continuation;
  }
  void await_resume() const {
    if (promise_.closing) throw generator_exit();
  }

 private:
  const generator_promise_base& promise_;
};

class [[nodiscard]] close_awaiter final : public generator_turn {
 public:
  explicit close_awaiter(generator_core& of) noexcept : generator_turn(of) {}
  [[nodiscard]] bool await_ready() { return !enter() || discard_fresh(); }
  template <charkha_promise Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    request_close();
    return advance(*caller.promise().task, caller);
  }
  void await_resume();
};

}  // namespace charkha::detail
