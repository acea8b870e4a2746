// SPDX-License-Identifier: Apache-2.0
// Without threads: each that a runtime starts fails once. Whoever makes the runtime is told, and nothing is left of it.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

#include "charkha/charkha.hpp"
#include "support/process.hpp"

namespace {

std::atomic<int> threads_until_failure{-1};  // negative: none fails

}  // namespace

// In place of the C library's, which it calls.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                              void* argument) {
  static const auto real = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  const int left = threads_until_failure.load();
  if (left == 0) return EAGAIN;
  if (left > 0) threads_until_failure.store(left - 1);
  return real(thread, attributes, start, argument);
}

TEST_CASE("a worker that cannot be started: the runtime is not made, and no thread is left") {
  const auto before = charkha::test::threads_of_this_process();
  for (int started = 0; started < 4; ++started) {
    CAPTURE(started);
    threads_until_failure = started;
    bool refused = false;
    try {
      const charkha::runtime runtime{{.workers = 4}};
    } catch (const std::system_error& error) {
      refused = true;
      CHECK(error.code() == std::errc::resource_unavailable_try_again);
    }
    threads_until_failure = -1;
    CHECK(refused);
    while (charkha::test::threads_of_this_process() > before) std::this_thread::yield();  // the kernel takes its time
  }
  const auto body = []() -> charkha::coro<int> { co_return 7; };
  CHECK(charkha::run(body(), {.workers = 4}) == 7);
}

TEST_CASE("run() says so, and can be called again") {
  const auto body = []() -> charkha::coro<int> { co_return 7; };
  threads_until_failure = 1;
  CHECK_THROWS_AS(charkha::run(body(), {.workers = 2}), std::system_error);
  threads_until_failure = -1;
  CHECK(charkha::run(body(), {.workers = 2}) == 7);
}
