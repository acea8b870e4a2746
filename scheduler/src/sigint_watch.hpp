// SPDX-License-Identifier: Apache-2.0
// SIGINT while a thread waits for main (R78): the handler rings, the thread that waits does what is to be done.
//
// Why the handler is async-signal-safe: it touches nothing but two atomics in static storage, which are lock-free and
// outlive every watch (a handler may still be on its way on another thread when the watch is gone), and makes one futex
// system call; it allocates nothing, takes no lock, throws nothing and keeps errno. What a handler must not do, cancel
// main, is done by the waiting thread, an ordinary thread at an ordinary place.
//
// Why no signal is missed: the waiter reads the bell, then looks whether anything has happened, then sleeps only while
// the bell still shows what it read. The handler counts the signal first and moves the bell after; so does main's end.
#pragma once

#include <cstdint>

#include "charkha/detail/task_block.hpp"

namespace charkha::detail {

class sigint_watch final {
 public:
  /// How a wait for main ended.
  enum class verdict : std::uint8_t {
    ended,        // as main says
    interrupted,  // main is complete; SIGINT ended it, or came when it had just given a value
    abandoned,    // SIGINT came twice: nobody waits for main any more, which may not be complete
  };

  /// Takes SIGINT over, if no other watch in the process has it and nobody has changed its default action. If it cannot
  /// be taken over, nothing happens.
  sigint_watch() noexcept;
  /// Puts back what was there, unless somebody has set another handler meanwhile.
  ~sigint_watch();
  sigint_watch(const sigint_watch&) = delete;
  sigint_watch& operator=(const sigint_watch&) = delete;

  /// Has it taken SIGINT over?
  [[nodiscard]] bool owns() const noexcept { return owns_; }

  /// Blocks until `main` is complete. The first SIGINT since the making of the watch cancels it, the second ends the wait.
  /// Only for one that owns.
  [[nodiscard]] verdict wait(task_block& main) const noexcept;

 private:
  bool owns_ = false;
};

}  // namespace charkha::detail
