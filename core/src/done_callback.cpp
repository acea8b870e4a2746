// SPDX-License-Identifier: Apache-2.0
#include "charkha/detail/done_callback.hpp"

#include "charkha/detail/executor.hpp"

namespace charkha::detail {

void done_callback::add() noexcept {
  if (source_.waiters.add(*this)) return;
  ready_item* turn = completed();
  executor& runtime = source_.home();
  if (runtime.is_closed()) {
    turn->discard();
  } else {
    runtime.make_ready(*turn, ready_kind::created);
  }
}

bool done_callback::remove() noexcept {
  if (!source_.waiters.remove(*this)) return false;
  finish();
  return true;
}

ready_item* done_callback::completed() noexcept {
  source_.add_reference();  // the turn's
  return queue_->push(*this);
}

void done_callback::run_serially(worker_context& /*worker*/) noexcept {
  {
    const context_scope own(&context_);
    try {
      invoke(source_);
    } catch (...) {
      source_.home().report_callback_error(site_, std::current_exception());
    }
  }
  discard_serially();
}

void done_callback::discard_serially() noexcept {
  source_.drop_reference();
  finish();
}

void done_callback::finish() noexcept {
  release_function();
  drop_reference();
}

}  // namespace charkha::detail
