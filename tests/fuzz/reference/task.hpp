// SPDX-License-Identifier: Apache-2.0
// Coroutines, the tasks that run them, and what suspends them.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

#include "fuzz/reference/future.hpp"
#include "fuzz/reference/loop.hpp"

namespace charkha::fuzz::reference {

class coro {
 public:
  struct promise_type {
    coro get_return_object() noexcept { return coro(std::coroutine_handle<promise_type>::from_promise(*this)); }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    struct to_awaiter {
      static bool await_ready() noexcept { return false; }
      static std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        const auto awaiter = ended.promise().awaiter;
        return awaiter ? awaiter : std::coroutine_handle<>(std::noop_coroutine());
      }
      static void await_resume() noexcept {}
    };
    static to_awaiter final_suspend() noexcept { return {}; }
    void return_value(int given) noexcept { value = given; }
    void unhandled_exception() noexcept { error = std::current_exception(); }

    std::coroutine_handle<> awaiter;
    int value = 0;
    std::exception_ptr error;
  };

  coro(coro&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  coro& operator=(coro&&) = delete;
  ~coro() {
    if (frame_) frame_.destroy();
  }

  // awaited by another one
  static bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    frame_.promise().awaiter = awaiter;
    return frame_;
  }
  int await_resume() const { return result(); }

  // run by a task
  [[nodiscard]] std::coroutine_handle<> frame() const noexcept { return frame_; }
  [[nodiscard]] bool ended() const noexcept { return frame_.done(); }
  [[nodiscard]] int result() const {
    if (frame_.promise().error) std::rethrow_exception(frame_.promise().error);
    return frame_.promise().value;
  }
  void destroy() { std::exchange(frame_, {}).destroy(); }

 private:
  explicit coro(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

class task_state final : public future_state {
 public:
  explicit task_state(coro body) : body_(std::move(body)), innermost_(body_.frame()) {}

  bool cancel() override {
    if (done()) return false;
    ++requests_;
    if (waits_for_ && waits_for_->cancel()) return true;
    must_cancel_ = true;
    return true;
  }
  /// `settled`: how many were dealt with before.
  int uncancel(int settled = 0) noexcept {
    if (requests_ > 0 && --requests_ <= settled) must_cancel_ = false;
    return requests_;
  }
  [[nodiscard]] int cancelling() const noexcept { return requests_; }
  [[nodiscard]] int settled_requests() const noexcept { return requests_ - (requests_ > 0 && must_cancel_ ? 1 : 0); }
  void redeliver() noexcept { must_cancel_ = true; }

  void step() {
    waits_for_ = nullptr;
    deliver_ = std::exchange(must_cancel_, false);
    if (!std::exchange(begun_, true) && deliver_) {
      body_.destroy();
      become_cancelled();
      return;
    }
    const auto self = shared_from_this();
    task_state* const outer = std::exchange(loop::current().task, this);
    innermost_.resume();
    loop::current().task = outer;
    if (body_.ended()) {
      end();
    } else if (waits_for_) {
      waits_for_->add_callback([self, this] { step(); });
      if (must_cancel_ && waits_for_->cancel()) must_cancel_ = false;
    } else {
      loop::current().call_soon([self, this] { step(); });
    }
  }

  // for what it awaits
  void suspend(std::coroutine_handle<> innermost, future what) {
    innermost_ = innermost;
    waits_for_ = std::move(what);
  }
  void resumed() {
    if (std::exchange(deliver_, false)) throw cancelled_error();
  }

 private:
  void end() {
    try {
      const int value = body_.result();
      if (std::exchange(must_cancel_, false)) throw cancelled_error();
      body_.destroy();
      set_result(value);
    } catch (const cancelled_error&) {
      become_cancelled();
    } catch (...) {
      set_error(std::current_exception());
    }
  }

  coro body_;
  std::coroutine_handle<> innermost_;
  future waits_for_;
  int requests_ = 0;
  bool must_cancel_ = false, deliver_ = false, begun_ = false;
};
using task = std::shared_ptr<task_state>;

[[nodiscard]] inline task create_task(coro body) {
  auto made = std::make_shared<task_state>(std::move(body));
  loop::current().call_soon([made] { made->step(); });
  return made;
}

/// What suspends a task: until `what` is done, or for one turn.
struct suspension {
  future what;
  bool suspended = false;

  [[nodiscard]] bool await_ready() const noexcept { return what && what->done(); }
  void await_suspend(std::coroutine_handle<> frame) {
    suspended = true;
    loop::current().task->suspend(frame, what);
  }
  int await_resume() {
    if (suspended) loop::current().task->resumed();
    return what ? what->result() : 0;
  }
};
[[nodiscard]] inline suspension wait_for(future what) { return {std::move(what)}; }
[[nodiscard]] inline suspension yield() { return {}; }

inline coro sleep(nanoseconds duration) {
  if (duration.count() <= 0) {
    co_await yield();
    co_return 0;
  }
  const future awake = make_future();
  const auto timer = loop::current().call_at(loop::current().now() + duration, [awake] {
    if (!awake->done()) awake->set_result(0);
  });
  try {
    co_await wait_for(awake);
  } catch (...) {
    loop::current().cancel(timer);
    throw;
  }
  co_return 0;
}

}  // namespace charkha::fuzz::reference
