// SPDX-License-Identifier: Apache-2.0
// Shows ThreadSanitizer the reference count of exceptions, which lives in the uninstrumented libstdc++: without it, the
// thread that frees an exception seems to race with those that looked at it before. Linked into programs that are built
// with ThreadSanitizer, and into nothing else. It adds the edges that the count really makes, per exception.
#include <dlfcn.h>

#include <exception>

extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void __cxa_end_catch();
}

namespace {

void* address_of(const std::exception_ptr& exception) noexcept {
  return *reinterpret_cast<void* const*>(&exception);  // libstdc++: its only member
}

template <class Function>
Function* real(const char* symbol) noexcept {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, symbol));
}

// Before a reference is dropped: all earlier holders' use comes before this, and this one's use before later ones.
void about_to_drop(void* exception) noexcept {
  if (exception == nullptr) return;
  __tsan_acquire(exception);
  __tsan_release(exception);
}

}  // namespace

namespace std::__exception_ptr {

void exception_ptr::_M_release() noexcept {
  static const auto next = real<void(exception_ptr*)>("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
  about_to_drop(address_of(*this));
  next(this);
}

}  // namespace std::__exception_ptr

extern "C" void __cxa_end_catch() {
  static const auto next = real<void()>("__cxa_end_catch");
  about_to_drop(address_of(std::current_exception()));
  next();
}
