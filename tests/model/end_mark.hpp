// SPDX-License-Identifier: Apache-2.0
// Tells a model_runtime that a task is over: it goes with the task's frame, also when that was cancelled before its
// first turn.
#pragma once

#include <utility>

#include "model_runtime.hpp"

namespace charkha::model {

class end_mark {
 public:
  explicit end_mark(model_runtime& of) noexcept : runtime_(&of) {}
  end_mark(end_mark&& other) noexcept : runtime_(std::exchange(other.runtime_, nullptr)) {}
  end_mark& operator=(end_mark&&) = delete;
  ~end_mark() {
    if (runtime_ != nullptr) runtime_->item_ran();
  }

 private:
  model_runtime* runtime_;
};

}  // namespace charkha::model
