// SPDX-License-Identifier: Apache-2.0
// What became of a cancel request, and what the asker has to go on with.
#pragma once

#include <string_view>

#include "charkha/detail/intrusive_ptr.hpp"
#include "charkha/detail/task_notes.hpp"

namespace charkha::detail {

class task_core;

struct cancel_answer {
  bool taken = false;                     // false: it is done already
  bool settled = false;                   // a future, whose awaiters are to be told by publish()
  task_core* held = nullptr;              // a task that waits, and is the asker's to go on with
  intrusive_ptr<cancel_listener> told{};  // to be told when no task is held any more, or null

  /// For an asker that is on no walk: goes on with the task, tells the listener, returns whether it was taken.
  bool finish(std::string_view message) const noexcept;
};

}  // namespace charkha::detail
