// SPDX-License-Identifier: Apache-2.0
// The work-stealing deque.
#include "charkha/detail/deque.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "support/seeds.hpp"

using charkha::detail::steal_result;

namespace {

using deque = charkha::detail::deque<int>;

struct items {
  explicit items(std::size_t count) : values(count) {
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<int>(i);
  }
  int* at(std::size_t i) { return &values[i]; }
  std::vector<int> values;
};

int* stolen_from(deque& from) {
  int* item = nullptr;
  return from.steal(item) == steal_result::stolen ? item : nullptr;
}

// Where indexes are interesting: at zero, before it, around 2^32, and half way to the end.
const std::int64_t first_indexes[] = {0, -3, -1, (std::int64_t{1} << 32) - 3, INT64_MAX / 2 - 3};

// One owner that pushes everything and takes some back, thieves that steal: every item comes out exactly once.
void everyone_takes(std::uint64_t seed, int thieves, bool newest_first, std::size_t capacity, std::int64_t first) {
  CAPTURE(seed);
  CAPTURE(thieves);
  CAPTURE(newest_first);
  CAPTURE(first);
  constexpr std::size_t count = 20'000;
  items all(count);
  deque d(capacity, first);
  std::vector<std::atomic<int>> given(count);
  std::atomic<std::size_t> left{count};
  const auto got = [&](const int* item) {
    given[static_cast<std::size_t>(*item)].fetch_add(1, std::memory_order_relaxed);
    left.fetch_sub(1);
  };
  std::vector<std::thread> crowd;
  for (int i = 0; i < thieves; ++i) {
    crowd.emplace_back([&] {
      while (left.load() != 0) {
        int* item = nullptr;
        switch (d.steal(item)) {
          case steal_result::stolen:
            got(item);
            break;
          case steal_result::empty:
            std::this_thread::yield();
            break;
          case steal_result::lost_race:
            break;
        }
      }
    });
  }
  std::mt19937_64 random(seed);
  std::size_t pushed = 0;
  while (left.load() != 0) {
    for (auto burst = random() % 7; burst > 0 && pushed < count; --burst) d.push(all.at(pushed++));
    for (auto burst = random() % 7; burst > 0; --burst) {
      if (int* item = newest_first ? d.pop() : d.take()) got(item);
    }
  }
  for (auto& thread : crowd) thread.join();
  bool exactly_once = true;
  for (const auto& times : given) exactly_once = exactly_once && times.load() == 1;
  CHECK(exactly_once);
  CHECK(d.empty());
  CHECK(d.size() == 0);
}

}  // namespace

TEST_CASE("an empty deque gives nothing, to nobody") {
  for (const auto first : first_indexes) {
    CAPTURE(first);
    deque d(2, first);
    int* item = nullptr;
    CHECK(d.empty());
    CHECK(d.size() == 0);
    CHECK(d.pop() == nullptr);
    CHECK(d.take() == nullptr);
    CHECK(d.steal(item) == steal_result::empty);
    CHECK(item == nullptr);
  }
}

TEST_CASE("pop gives the newest, take and steal the oldest") {
  items all(6);
  for (const auto first : first_indexes) {
    CAPTURE(first);
    deque d(2, first);
    for (std::size_t i = 0; i < 6; ++i) d.push(all.at(i));
    CHECK(d.size() == 6);
    CHECK(d.pop() == all.at(5));
    CHECK(d.take() == all.at(0));
    CHECK(stolen_from(d) == all.at(1));
    CHECK(d.pop() == all.at(4));
    CHECK(d.take() == all.at(2));
    CHECK(d.pop() == all.at(3));
    CHECK(d.pop() == nullptr);
    CHECK(d.take() == nullptr);
    CHECK(d.empty());
    d.push(all.at(0));
    CHECK_FALSE(d.empty());
    CHECK(stolen_from(d) == all.at(0));
  }
}

TEST_CASE("a ring of two wraps around for ever without growing out of order") {
  items all(3);
  for (const auto first : first_indexes) {
    deque d(2, first);
    d.push(all.at(0));
    for (std::size_t i = 1; i < 100; ++i) {
      d.push(all.at(i % 3));
      CHECK(d.take() == all.at((i - 1) % 3));
    }
    CHECK(d.size() == 1);
  }
}

TEST_CASE("growth keeps every item and its order, from every offset in the ring") {
  items all(100);
  for (const auto first : first_indexes) {
    for (std::size_t offset = 0; offset < 5; ++offset) {
      CAPTURE(first);
      CAPTURE(offset);
      deque d(4, first);
      for (std::size_t i = 0; i < offset; ++i) {
        d.push(all.at(99));
        CHECK(d.take() == all.at(99));
      }
      for (std::size_t i = 0; i < 67; ++i) d.push(all.at(i));
      CHECK(d.size() == 67);
      bool in_order = true;
      for (std::size_t i = 0; i < 67; ++i) in_order = in_order && d.take() == all.at(i);
      CHECK(in_order);
      CHECK(d.empty());
    }
  }
}

TEST_CASE("a ring of one is a deque, too") {
  items all(5);
  deque d(1);
  for (std::size_t i = 0; i < 5; ++i) d.push(all.at(i));
  for (std::size_t i = 5; i-- > 0;) CHECK(d.pop() == all.at(i));
}

TEST_CASE("random calls of an owner agree with a plain list") {
  for (const auto seed : charkha::test::seeds(20)) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    items all(64);
    deque d(2, first_indexes[seed % 5]);
    std::vector<int*> oracle;
    bool same = true;
    for (int i = 0; i < 5000; ++i) {
      int* expected = nullptr;
      switch (random() % 5) {
        case 0:
        case 1:
          if (oracle.size() < 64) {
            int* item = all.at(random() % 64);
            d.push(item);
            oracle.push_back(item);
          }
          break;
        case 2:
          if (!oracle.empty()) {
            expected = oracle.back();
            oracle.pop_back();
          }
          same = same && d.pop() == expected;
          break;
        case 3:
          if (!oracle.empty()) {
            expected = oracle.front();
            oracle.erase(oracle.begin());
          }
          same = same && d.take() == expected;
          break;
        default:
          if (!oracle.empty()) {
            expected = oracle.front();
            oracle.erase(oracle.begin());
          }
          same = same && stolen_from(d) == expected;
          break;
      }
      same = same && d.size() == static_cast<std::int64_t>(oracle.size()) && d.empty() == oracle.empty();
    }
    CHECK(same);
  }
}

TEST_CASE("a thief and the owner race for the last item: exactly one wins") {
  constexpr int rounds = 20'000;
  for (const bool newest_first : {true, false}) {
    CAPTURE(newest_first);
    int value = 0;
    deque d(2, -3);
    std::atomic<int> begun{0}, ended{0}, stolen{0};
    std::thread thief([&] {
      for (int i = 1; i <= rounds; ++i) {
        while (begun.load() < i) std::this_thread::yield();
        if (stolen_from(d) != nullptr) stolen.fetch_add(1);
        ended.store(i);
      }
    });
    int taken = 0;
    for (int i = 1; i <= rounds; ++i) {
      d.push(&value);
      begun.store(i);
      if ((newest_first ? d.pop() : d.take()) != nullptr) ++taken;
      while (ended.load() < i) std::this_thread::yield();
      if (taken + stolen.load() != i) FAIL("an item came out twice or not at all");
    }
    thief.join();
    CHECK(taken + stolen.load() == rounds);
    CHECK(d.empty());
  }
}

TEST_CASE("one thief, both kinds of owner, from a ring of two that grows under it") {
  for (const auto seed : charkha::test::seeds(3)) {
    everyone_takes(seed, 1, true, 2, 0);
    everyone_takes(seed, 1, false, 2, -3);
  }
}

TEST_CASE("three thieves and an owner: every item exactly once") {
  for (const auto seed : charkha::test::seeds(2)) {
    for (const auto first : first_indexes) {
      everyone_takes(seed, 3, true, 2, first);
      everyone_takes(seed, 3, false, 2, first);
    }
    everyone_takes(seed, 3, false, 1024, 0);
  }
}

TEST_CASE("what the pusher wrote is visible to the thief") {
  constexpr int rounds = 5000;
  std::vector<int> values(rounds, 0);
  deque d(2);
  std::thread thief([&] {
    int right = 0;
    for (int i = 0; i < rounds;) {
      if (const int* item = stolen_from(d)) {
        if (*item == 42) ++right;
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
    CHECK(right == rounds);
  });
  for (auto& value : values) {
    value = 42;  // not atomic: the deque's publication makes it visible
    d.push(&value);
  }
  thief.join();
}
