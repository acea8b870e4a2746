// SPDX-License-Identifier: Apache-2.0
// Blocks for all threads, cut from spans.
#include "frame_spans.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

using charkha::detail::frame_cache;
using charkha::detail::frame_spans;

namespace {

using block = frame_cache::free_block;

std::vector<void*> unlink(block* first) {
  std::vector<void*> all;
  for (; first != nullptr; first = first->next) all.push_back(first);
  return all;
}

block* linked(const std::vector<void*>& all) {
  block* first = nullptr;
  for (void* each : all) first = ::new (each) block{first};
  return first;
}

std::vector<void*> take(frame_spans& from, std::size_t size_class, std::size_t count) {
  std::vector<void*> all;
  while (all.size() < count) {
    const auto taken = from.take(size_class, static_cast<std::int32_t>(count - all.size()));
    const auto some = unlink(taken.first);
    REQUIRE(taken.length > 0);
    CHECK(static_cast<std::size_t>(taken.length) == some.size());
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace

TEST_CASE("blocks of every class are apart, aligned and writable to their last byte") {
  frame_spans spans;
  std::vector<std::vector<void*>> all(frame_cache::classes);
  std::set<void*> known;
  for (std::size_t size_class = 1; size_class < frame_cache::classes; ++size_class) {
    all[size_class] = take(spans, size_class, 50);
    for (void* each : all[size_class]) {
      CHECK(reinterpret_cast<std::uintptr_t>(each) % 16 == 0);
      CHECK(known.insert(each).second);
      std::memset(each, static_cast<int>(size_class), size_class * frame_cache::granule);
    }
  }
  bool intact = true;
  for (std::size_t size_class = 1; size_class < frame_cache::classes; ++size_class) {
    for (void* each : all[size_class]) {
      const auto* bytes = static_cast<unsigned char*>(each);
      for (std::size_t i = 0; i < size_class * frame_cache::granule; ++i) intact = intact && bytes[i] == size_class;
    }
    spans.give(size_class, linked(all[size_class]));
  }
  CHECK(intact);
  CHECK(spans.regions() == 2);
}

TEST_CASE("at most as many as were asked for, and what came back before what is new") {
  frame_spans spans;
  CHECK(spans.take(4, 5).length == 5);
  const auto some = take(spans, 4, 10);
  spans.give(4, linked(some));
  const std::set<void*> known(some.begin(), some.end());
  for (void* each : take(spans, 4, 10)) CHECK(known.count(each) == 1);
}

TEST_CASE("memory that one class does not need any more serves another one") {
  frame_spans spans;
  const auto small = take(spans, 2, 100'000);
  const auto most = spans.regions();
  CHECK(most >= 2);
  spans.give(2, linked(small));
  CHECK(spans.regions() == 2);
  const auto large = take(spans, 64, 3'000);
  CHECK(spans.regions() <= most);
  spans.give(64, linked(large));
}

TEST_CASE("nothing grows where one thread takes and another one gives, round after round, with changed parts") {
  frame_spans spans;
  std::size_t first = 0;
  for (int round = 0; round < 20; ++round) {
    std::array<std::vector<void*>, 2> taken;
    std::thread([&] { taken[0] = take(spans, 12, round % 2 == 0 ? 40'000 : 100); }).join();
    std::thread([&] { taken[1] = take(spans, 12, round % 2 == 0 ? 100 : 40'000); }).join();
    if (round == 0) first = spans.regions();
    CHECK(spans.regions() <= first);
    std::thread([&] { spans.give(12, linked(taken[0])); }).join();
    spans.give(12, linked(taken[1]));
    CHECK(spans.regions() == 2);
  }
}

TEST_CASE("threads that take and give at once never have a block twice") {
  frame_spans spans;
  std::vector<std::thread> threads;
  for (int thread = 1; thread <= 4; ++thread) {
    threads.emplace_back([&spans, thread] {
      for (std::size_t round = 0; round < 100; ++round) {
        const std::size_t size_class = 60 + round % 3;
        const auto mine = take(spans, size_class, 10 + round);
        for (void* each : mine) std::memset(each, thread, size_class * frame_cache::granule);
        for (void* each : mine)
          CHECK(static_cast<unsigned char*>(each)[frame_cache::granule * size_class - 1] == thread);
        spans.give(size_class, linked(mine));
      }
    });
  }
  for (auto& each : threads) each.join();
  CHECK(spans.regions() <= 2);
}
