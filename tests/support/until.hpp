// SPDX-License-Identifier: Apache-2.0
// Handshakes for programs that run on any number of workers: go on when something is so, not after so many turns.
#pragma once

#include <utility>

#include "charkha/coro.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/task.hpp"
#include "charkha/yield.hpp"

namespace charkha::test {

/// Gives up turns until `condition()` is true.
template <class Condition>
coro<> until(Condition condition) {
  while (!condition()) co_await yield();
}

/// Is the task suspended, waiting for something (and not just for its turn)?
template <class T>
bool waits(const task<T>& of) {
  return detail::task_access::block(of).state.is_waiting();
}

/// Gives up turns until the task waits for something.
template <class T>
coro<> until_waits(task<T> of) {
  while (!waits(of)) co_await yield();
}

}  // namespace charkha::test
