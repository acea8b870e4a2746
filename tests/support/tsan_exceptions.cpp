// SPDX-License-Identifier: Apache-2.0
// Shows ThreadSanitizer the reference count of exceptions, which lives in the uninstrumented libstdc++: without it, the
// thread that frees an exception seems to race with those that looked at it before. Linked into programs that are built
// with ThreadSanitizer, and into nothing else. It adds the edges that the count really makes, per exception.
#include <dlfcn.h>
#include <sched.h>

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

// Held from here until the reference is dropped: otherwise one thread could look at what the others have released, be
// overtaken by one of them, and still be the last to drop. ThreadSanitizer does not see it, or it would take it for an
// order between exceptions that have nothing to do with each other.
char taken = 0;
thread_local int depth = 0;  // an exception may hold others

[[clang::no_sanitize("thread")]] void lock() noexcept {
  if (depth++ != 0) return;
  while (__atomic_test_and_set(&taken, __ATOMIC_ACQUIRE)) sched_yield();
}

[[clang::no_sanitize("thread")]] void unlock() noexcept {
  if (--depth == 0) __atomic_clear(&taken, __ATOMIC_RELEASE);
}

// A reference is dropped in its lifetime: all earlier holders' use comes before that, and this one's use before later
// ones.
class dropping final {
 public:
  explicit dropping(void* exception) noexcept {
    lock();
    if (exception == nullptr) return;
    __tsan_acquire(exception);
    __tsan_release(exception);
  }
  dropping(const dropping&) = delete;
  dropping& operator=(const dropping&) = delete;
  ~dropping() { unlock(); }
};

}  // namespace

namespace std::__exception_ptr {

void exception_ptr::_M_release() noexcept {
  static const auto next = real<void(exception_ptr*)>("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
  const dropping drop(address_of(*this));
  next(this);
}

}  // namespace std::__exception_ptr

extern "C" void __cxa_end_catch() {
  static const auto next = real<void()>("__cxa_end_catch");
  const dropping drop(address_of(std::current_exception()));
  next();
}
