// SPDX-License-Identifier: Apache-2.0
#include "context.hpp"

#include <cxxabi.h>

#include <cstdint>
#include <cstring>

namespace charkha::model {

context::context(void (*entry)(void*), void* argument)
    : entry_(entry), argument_(argument), stack_(new std::byte[stack_bytes]), fresh_(true) {
  getcontext(&first_);
  first_.uc_stack.ss_sp = stack_.get();
  first_.uc_stack.ss_size = stack_bytes;
  first_.uc_link = nullptr;
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  // makecontext passes ints.
  makecontext(&first_, reinterpret_cast<void (*)()>(&context::enter), 2, static_cast<unsigned>(self >> 32),
              static_cast<unsigned>(self));
}

void context::enter(unsigned high, unsigned low) {
  auto* self = reinterpret_cast<context*>((std::uintptr_t{high} << 32) | low);
  self->entry_(self->argument_);
}

void context::switch_over(context& from, context& to) noexcept {
  void* const exceptions = abi::__cxa_get_globals();
  std::memcpy(&from.exceptions_, exceptions, sizeof from.exceptions_);
  std::memcpy(exceptions, &to.exceptions_, sizeof to.exceptions_);
  if (_setjmp(from.later_) != 0) return;
  if (to.fresh_) {
    to.fresh_ = false;
    setcontext(&to.first_);
  }
  _longjmp(to.later_, 1);
}

}  // namespace charkha::model
