// SPDX-License-Identifier: Apache-2.0
// The spin lock: one at a time, and each sees what the last one wrote.
#include "charkha/detail/spin_lock.hpp"

#include <doctest/doctest.h>

#include "checker/scenario.hpp"

using charkha::detail::spin_guard;
using charkha::detail::spin_lock;
using charkha::model::explore;
using charkha::model::scenario;

TEST_CASE("mutual exclusion") {
  const auto found = explore({.name = "spin lock: three threads"}, [](scenario& run) {
    spin_lock lock;
    int count = 0;
    const auto work = [&] {
      const spin_guard guard(lock);
      ++count;
    };
    run.thread("a", work);
    run.thread("b", work);
    work();
    run.join();
    run.check(count == 3, "nothing is overwritten");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("taken again and again") {
  const auto found = explore({.name = "spin lock: two threads, twice each"}, [](scenario& run) {
    spin_lock lock;
    int count = 0;
    const auto work = [&] {
      for (int i = 0; i < 2; ++i) {
        const spin_guard guard(lock);
        ++count;
      }
    };
    run.thread("a", work);
    work();
    run.join();
    run.check(count == 4, "nothing is overwritten");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
