// SPDX-License-Identifier: Apache-2.0
// What a signal does, for a scope. The test framework has handlers of its own, for SIGINT too.
#pragma once

#include <pthread.h>
#include <unistd.h>

#include <csignal>

namespace charkha::test {

class signal_action {
 public:
  signal_action(int signal, void (*handler)(int)) noexcept : signal_(signal) {
    struct sigaction wanted{};
    wanted.sa_handler = handler;
    sigemptyset(&wanted.sa_mask);
    sigaction(signal, &wanted, &before_);
  }
  ~signal_action() { sigaction(signal_, &before_, nullptr); }
  signal_action(const signal_action&) = delete;
  signal_action& operator=(const signal_action&) = delete;

  /// Is this what the signal does now?
  static bool is(int signal, void (*handler)(int)) noexcept {
    struct sigaction present{};
    sigaction(signal, nullptr, &present);
    return (present.sa_flags & SA_SIGINFO) == 0 && present.sa_handler == handler;
  }

 private:
  int signal_;
  struct sigaction before_{};
};

/// As Ctrl-C does: to the process, any thread of which may take it. ThreadSanitizer keeps a signal that comes from
/// outside until the thread next calls into its runtime, which a blocked thread never does; there the calling thread
/// sends it to itself.
inline void press_ctrl_c() noexcept {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHARKHA_TEST_RAISE 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define CHARKHA_TEST_RAISE 1
#endif
#ifdef CHARKHA_TEST_RAISE
  std::raise(SIGINT);
#else
  kill(getpid(), SIGINT);
#endif
}

}  // namespace charkha::test
