// SPDX-License-Identifier: Apache-2.0
// Several at once: gather, and shield.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "fuzz/reference/future.hpp"
#include "fuzz/reference/task.hpp"

namespace charkha::fuzz::reference {

class gather_state final : public future_state {
 public:
  explicit gather_state(std::vector<task> children) : children_(std::move(children)) {}

  bool cancel() override {
    if (done()) return false;
    bool any = false;
    for (const auto& child : children_) any = child->cancel() || any;
    if (any) requested_ = true;
    return any;
  }
  void child_done(const task& child) {
    ++ended_;
    if (done()) return;
    if (child->was_cancelled()) {
      set_error(std::make_exception_ptr(cancelled_error()));
    } else if (child->error()) {
      set_error(child->error());
    } else if (ended_ == children_.size()) {
      if (requested_) {
        set_error(std::make_exception_ptr(cancelled_error()));
      } else {
        int sum = 0;
        for (const auto& each : children_) sum += each->result();
        set_result(sum);
      }
    }
  }

 private:
  std::vector<task> children_;
  std::size_t ended_ = 0;
  bool requested_ = false;
};

/// The sum of all.
inline coro gather(std::vector<task> children) {
  const auto all = std::make_shared<gather_state>(children);
  for (const auto& child : children) child->add_callback([all, child] { all->child_done(child); });
  co_return co_await wait_for(all);
}

inline coro shield(future inner) {
  if (inner->done()) co_return inner->result();
  const future outer = make_future();
  const auto number = inner->add_callback([inner, outer] {
    if (outer->done()) return;
    if (inner->was_cancelled()) {
      outer->cancel();
    } else if (inner->error()) {
      outer->set_error(inner->error());
    } else {
      outer->set_result(inner->result());
    }
  });
  try {
    co_return co_await wait_for(outer);
  } catch (...) {
    if (!inner->done()) inner->remove_callback(number);
    throw;
  }
}

}  // namespace charkha::fuzz::reference
