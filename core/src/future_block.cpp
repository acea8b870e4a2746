// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/future_block.hpp"

#include "charkha/cancelled_error.hpp"
#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/invalid_state_error.hpp"

namespace charkha::detail {

future_block::~future_block() {
  if (auto* queue = callbacks_.load(std::memory_order_relaxed)) queue->drop_reference();
  runtime_.release(retained_);
}

bool future_block::cancel(std::string_view message) noexcept {
  if (!ask(message).taken) return false;
  const intrusive_ptr<future_block> kept(*this);  // whoever is woken may drop every handle
  publish();
  return true;
}

cancel_answer future_block::ask(std::string_view message) noexcept {
  if (!try_begin_settling()) return {};
  was_cancelled_ = true;
  set_error(std::make_exception_ptr(cancelled_error(std::string(message))));
  return {.taken = true, .settled = true};
}

std::string future_block::describe() const {
  return "the future created at " + std::string(site_.file_name()) + ":" + std::to_string(site_.line());
}

serial_queue& future_block::callbacks() { return first_queue(callbacks_, runtime_); }

void future_block::begin_settling() {
  if (!try_begin_settling()) throw invalid_state_error(describe() + " is done: it can be set once");
}

void future_block::last_reference_gone() noexcept {
  drop_waiters();
  if (is_unretrieved()) runtime_.report_unretrieved({}, site_, error());
  free_block();
}

}  // namespace charkha::detail
