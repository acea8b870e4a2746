// SPDX-License-Identifier: Apache-2.0
// The timing wheel, against a sorted list as oracle.
#include "timer_wheel.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "support/seeds.hpp"
#include "support/wheel_oracle.hpp"

using charkha::detail::timer_entry;
using charkha::detail::timer_wheel;
using charkha::test::advance;
using charkha::test::interesting_starts;
using charkha::test::wheel_and_oracle;
using entry = charkha::test::wheel_entry;

namespace {

// Random inserts, removals and advances. What comes out is what the oracle gives, in the oracle's order.
template <unsigned Bits>
void agree_with_oracle(std::uint64_t seed, std::uint64_t start, bool removing) {
  CAPTURE(Bits);
  CAPTURE(seed);
  CAPTURE(start);
  std::mt19937_64 random(seed);
  wheel_and_oracle<Bits, std::mt19937_64> both(random, start, removing);
  int steps = 0;
  while (steps < 400 && both.step()) ++steps;
  CHECK(steps == 400);
}

template <unsigned Bits>
void agree_everywhere(std::uint64_t seeds) {
  for (const auto start : interesting_starts<Bits>()) {
    for (const auto seed : charkha::test::seeds(seeds)) {
      agree_with_oracle<Bits>(seed, start, false);
      agree_with_oracle<Bits>(seed, start, true);
    }
  }
}

}  // namespace

TEST_CASE("an empty wheel has nothing to come and moves to any time") {
  timer_wheel wheel(5);
  CHECK(wheel.present() == 5);
  CHECK(wheel.size() == 0);
  CHECK(wheel.next_expiry() == timer_wheel::never);
  CHECK(advance(wheel, 1'000'000).empty());
  CHECK(wheel.present() == 1'000'000);
  CHECK(advance(wheel, 10).empty());
  CHECK(wheel.present() == 1'000'000);  // time does not go back
}

TEST_CASE("an entry comes at its tick, not a tick before") {
  for (const std::uint64_t distance : {1U, 2U, 63U, 64U, 65U, 4095U, 4096U, 4097U, 262'144U, 300'000U}) {
    for (const std::uint64_t start : {std::uint64_t{0}, std::uint64_t{62}, std::uint64_t{4094}}) {
      CAPTURE(distance);
      CAPTURE(start);
      timer_wheel wheel(start);
      entry e(start + distance);
      wheel.insert(e);
      CHECK(wheel.next_expiry() == start + distance);
      CHECK(advance(wheel, start + distance - 1).empty());
      CHECK(wheel.next_expiry() == start + distance);
      CHECK(advance(wheel, start + distance) == std::vector<timer_entry*>{&e});
      CHECK(wheel.size() == 0);
    }
  }
}

TEST_CASE("equal ticks come in the order of their insertion, also after cascades") {
  timer_wheel wheel;
  std::vector<std::unique_ptr<entry>> all;
  std::vector<timer_entry*> expected;
  // The same tick seen from far, from nearer and from close by: three levels.
  for (const std::uint64_t present : {0U, 299'000U, 299'990U}) {
    CHECK(advance(wheel, present).empty());
    for (int i = 0; i < 5; ++i) {
      all.push_back(std::make_unique<entry>(300'000));
      wheel.insert(*all.back());
      expected.push_back(all.back().get());
    }
  }
  CHECK(advance(wheel, 300'000) == expected);
}

TEST_CASE("entries of different levels come in the order of their ticks in one big step") {
  timer_wheel wheel(1);
  entry far(1'000'000'000), near(70), next(2), middle(5000);
  for (entry* each : {&far, &near, &next, &middle}) wheel.insert(*each);
  CHECK(advance(wheel, UINT64_MAX - 1) == std::vector<timer_entry*>{&next, &near, &middle, &far});
}

TEST_CASE("what is past when it comes is due at once, in the order of the ticks") {
  timer_wheel wheel(100);
  entry a(50), b(100), c(20), d(50), future(101);
  for (entry* each : {&a, &b, &c, &d, &future}) wheel.insert(*each);
  CHECK(wheel.next_expiry() == 100);
  CHECK(advance(wheel, 100) == std::vector<timer_entry*>{&c, &a, &d, &b});
  CHECK(wheel.size() == 1);
  entry late(3);
  wheel.insert(late);
  CHECK(advance(wheel, 0) == std::vector<timer_entry*>{&late});  // a time in the past collects what is due
  CHECK(wheel.present() == 100);
}

TEST_CASE("a due entry can be removed before it is collected") {
  timer_wheel wheel(100);
  entry a(50), b(40), c(60);
  for (entry* each : {&a, &b, &c}) wheel.insert(*each);
  wheel.remove(a);
  CHECK(advance(wheel, 100) == std::vector<timer_entry*>{&b, &c});
  for (entry* each : {&a, &b, &c}) wheel.insert(*each);
  wheel.remove(c);
  wheel.remove(b);
  wheel.remove(a);
  CHECK(wheel.next_expiry() == timer_wheel::never);
  CHECK(advance(wheel, 100).empty());
}

TEST_CASE("removing the first, a middle, the last and the only entry of a slot") {
  for (const std::uint64_t tick : {5U, 5000U}) {
    for (std::size_t gone = 0; gone < 3; ++gone) {
      CAPTURE(tick);
      CAPTURE(gone);
      timer_wheel wheel;
      entry entries[3] = {entry(tick), entry(tick), entry(tick)};
      std::vector<timer_entry*> expected;
      for (auto& each : entries) wheel.insert(each);
      for (std::size_t i = 0; i < 3; ++i) {
        if (i != gone) expected.push_back(&entries[i]);
      }
      wheel.remove(entries[gone]);
      CHECK(wheel.size() == 2);
      CHECK(advance(wheel, tick) == expected);
      wheel.insert(entries[gone]);
      CHECK(advance(wheel, tick).size() == 1);
    }
    timer_wheel wheel;
    entry only(tick);
    wheel.insert(only);
    wheel.remove(only);
    CHECK(wheel.next_expiry() == timer_wheel::never);
    CHECK(wheel.size() == 0);
  }
}

TEST_CASE("more young entries than there is room for: all come in order, and any of them can be removed") {
  constexpr std::size_t count = 3 * timer_wheel::young_limit;
  for (std::size_t gone = 0; gone < count; gone += 7) {
    CAPTURE(gone);
    timer_wheel wheel;
    std::vector<std::unique_ptr<entry>> all;
    std::vector<timer_entry*> expected;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(std::make_unique<entry>(5000));
      wheel.insert(*all.back());
      if (i != gone) expected.push_back(all.back().get());
    }
    CHECK(wheel.next_expiry() == 5000);
    wheel.remove(*all[gone]);
    CHECK(wheel.size() == count - 1);
    CHECK(advance(wheel, 4999).empty());  // they all have their place now
    CHECK(advance(wheel, 5000) == expected);
  }
}

TEST_CASE("a young entry is due when its time comes, and seen by next_expiry and any before") {
  timer_wheel wheel(100);
  entry far(9000), near(101), past(50);
  wheel.insert(far);
  CHECK(wheel.next_expiry() == 9000);
  wheel.insert(near);
  CHECK(wheel.next_expiry() == 101);
  wheel.insert(past);
  CHECK(wheel.next_expiry() == 100);
  CHECK(wheel.any() == &past);
  CHECK(advance(wheel, 101) == std::vector<timer_entry*>{&past, &near});
  wheel.remove(far);
  CHECK(wheel.any() == nullptr);
  CHECK(wheel.size() == 0);
}

TEST_CASE("next_expiry is exact while nothing is removed, and a lower bound afterwards") {
  timer_wheel wheel;
  entry early(1000), late(1010);  // the same slot of level 1
  wheel.insert(late);
  CHECK(wheel.next_expiry() == 1010);
  wheel.insert(early);
  CHECK(wheel.next_expiry() == 1000);
  wheel.remove(early);
  CHECK(wheel.next_expiry() <= 1010);
  CHECK(advance(wheel, 1009).empty());
  CHECK(wheel.next_expiry() == 1010);
  CHECK(advance(wheel, 1010) == std::vector<timer_entry*>{&late});
}

TEST_CASE("the last ticks there are") {
  timer_wheel wheel(UINT64_MAX - 70);
  entry last(UINT64_MAX - 1), before(UINT64_MAX - 65);
  wheel.insert(last);
  wheel.insert(before);
  CHECK(advance(wheel, UINT64_MAX - 2) == std::vector<timer_entry*>{&before});
  CHECK(advance(wheel, UINT64_MAX - 1) == std::vector<timer_entry*>{&last});
  timer_wheel from_zero;
  wheel.insert(last);
  wheel.remove(last);
  from_zero.insert(last);
  CHECK(from_zero.next_expiry() == UINT64_MAX - 1);
  CHECK(advance(from_zero, UINT64_MAX - 1) == std::vector<timer_entry*>{&last});
}

TEST_CASE("a million armed and cancelled timers leave nothing behind") {
  timer_wheel wheel;
  entry e;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    e.tick = i + 1 + (i % 5000);
    wheel.insert(e);
    wheel.remove(e);
    if (i % 64 == 0) wheel.advance_to(i, [](timer_entry&) { FAIL_CHECK("nothing is armed"); });
  }
  CHECK(wheel.size() == 0);
  CHECK(wheel.next_expiry() == timer_wheel::never);
}

TEST_CASE("with 4 slots a level it agrees with the oracle from every level boundary") { agree_everywhere<2>(3); }
TEST_CASE("with 8 slots a level it agrees with the oracle from every level boundary") { agree_everywhere<3>(4); }
TEST_CASE("with 64 slots a level it agrees with the oracle from every level boundary") { agree_everywhere<6>(10); }

TEST_CASE("thirty days of ticks, from two before each level boundary, with timers of up to an hour") {
  constexpr std::uint64_t thirty_days = std::uint64_t{30} * 24 * 60 * 60 * 1'000'000;  // of a microsecond each
  for (const auto start : interesting_starts<6>()) {
    if (start > UINT64_MAX - 2 * thirty_days) continue;
    for (const auto seed : charkha::test::seeds(2)) {
      CAPTURE(start);
      CAPTURE(seed);
      std::mt19937_64 random(seed);
      wheel_and_oracle<6, std::mt19937_64> both(random, start, true, 32);
      bool right = true;
      while (right && both.present() - start < thirty_days) right = both.step();
      CHECK(right);
    }
  }
}
