// SPDX-License-Identifier: Apache-2.0
// Waiting for another thread that is about to be done. Looks seldom, so that whoever has the line can do many turns on it
// before it moves to the other core: with two workers at one queue that is twice as fast as looking at the line all the
// time. Who is not done after some microseconds is not running: his processor was taken from him, perhaps for the one
// that waits. From then on the processor is given up between two looks. See docs/decisions/0006.
//
// Beside a path that matters it belongs in a function of its own that is never inlined: where nobody waits, a loop in the
// way costs more than a call out of it.
#pragma once

#include <sched.h>

#include "charkha/detail/atomics.hpp"

namespace charkha::detail {

/// One for each wait.
class backoff {
 public:
  /// Between two looks.
  void operator()() noexcept {
    if (looks_ == patience) {
      static_cast<void>(::sched_yield());
      return;
    }
    ++looks_;
    for (unsigned i = 0; i < pauses; ++i) spin_pause();
  }

 private:
  static constexpr unsigned pauses = 32;    // between two looks
  static constexpr unsigned patience = 24;  // looks

  unsigned looks_ = 0;
};

}  // namespace charkha::detail
