// SPDX-License-Identifier: Apache-2.0
#include "charkha/generator.hpp"

#include "charkha/usage_error.hpp"

namespace charkha::detail {

void generator_promise_base::unhandled_exception() noexcept {
  try {
    throw;
  } catch (const generator_exit&) {
    if (!closing) error = std::current_exception();
  } catch (...) {
    error = std::current_exception();
  }
}

// The one who awaits the item is still there, but has nothing left to wait for: its task never runs again. That is so
// when a runtime is torn down that has the two in different tasks.
void generator_core::forsake_turn() noexcept {
  promise_->task->state.retire();  // a canceller may be reading what the body waits for
  std::exchange(turn_, nullptr)->running_ = false;
  in_turn_.store(false, std::memory_order_relaxed);
}

void generator_turn::break_off() noexcept {
  generator_->turn_ = nullptr;
  generator_->finish();
  leave();
}

void generator_turn::refuse_running() {
  throw usage_error("this generator is running already: only one next() or close() can be awaited at a time");
}

void generator_turn::refuse_empty() {
  leave();
  throw usage_error("this generator is empty: it was moved from");
}

void close_awaiter::await_resume() {
  std::exception_ptr error;
  const bool yielded_again = ran() && came_to_yield(error);
  if (yielded_again) abandon_body();
  leave();
  if (yielded_again) throw usage_error("a generator that was closed must end: it came to another co_yield");
  if (error) std::rethrow_exception(std::move(error));
}

}  // namespace charkha::detail
