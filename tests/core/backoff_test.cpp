// SPDX-License-Identifier: Apache-2.0
// When whoever waits for another thread gives its processor up: counted in place of the system's function.
#include "charkha/detail/backoff.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

using charkha::detail::backoff;

namespace {
thread_local int given_up = 0;  // times, by this thread
}  // namespace

// Found before the C library's.
extern "C" int sched_yield() noexcept {
  ++given_up;
  return static_cast<int>(syscall(SYS_sched_yield));
}

TEST_CASE("a short wait keeps the processor") {
  const int before = given_up;
  backoff pause;
  for (int look = 0; look < 10; ++look) pause();
  CHECK(given_up == before);
}

TEST_CASE("a long wait gives the processor up between each two looks") {
  backoff pause;
  for (int look = 0; look < 100; ++look) pause();
  const int before = given_up;
  for (int look = 0; look < 10; ++look) pause();
  CHECK(given_up == before + 10);
}
