// SPDX-License-Identifier: Apache-2.0
// A stack that code of the model runs on: all threads of the model share one real thread and hand it on to each other.
#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <memory>

namespace charkha::model {

class context {
 public:
  /// The stack that the caller runs on.
  context() noexcept = default;
  /// A new stack, on which the first switch calls `entry`, which must not return.
  context(void (*entry)(void*), void* argument);
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  /// Goes on in `to`; returns when somebody switches back to `from`, on which the caller runs.
  static void switch_over(context& from, context& to) noexcept;

 private:
  static constexpr std::size_t stack_bytes = std::size_t{128} * 1024;
  static void enter(unsigned high, unsigned low);

  // What the C++ runtime keeps for each thread: exceptions that are being handled.
  struct handled_exceptions {
    void* caught = nullptr;
    unsigned uncaught = 0;
  };

  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  std::unique_ptr<std::byte[]> stack_;
  bool fresh_ = false;
  ucontext_t first_{};
  jmp_buf later_{};  // switching by it makes no system call
  handled_exceptions exceptions_;
};

}  // namespace charkha::model
