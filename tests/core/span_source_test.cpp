// SPDX-License-Identifier: Apache-2.0
// Memory from the system in spans of 64 KiB, and back.
#include "span_source.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

using charkha::detail::span;
using charkha::detail::span_source;

namespace {

std::size_t room(span& of) { return static_cast<std::size_t>(span_source::end(of) - of.uncut); }

std::vector<span*> take(span_source& from, std::size_t count) {
  std::vector<span*> taken;
  for (std::size_t i = 0; i < count; ++i) taken.push_back(from.take());
  return taken;
}

}  // namespace

TEST_CASE("spans are apart, writable to their last byte, and found by any address in them") {
  span_source source;
  const auto all = take(source, 100);
  CHECK(std::set<span*>(all.begin(), all.end()).size() == 100);
  for (std::size_t i = 0; i < all.size(); ++i) {
    span& each = *all[i];
    CHECK(room(each) <= span::size);
    CHECK(room(each) >= span::size - 4096);  // the first one of a region has its notes in it
    std::memset(each.uncut, static_cast<int>(i), room(each));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    span& each = *all[i];
    CHECK(&span_source::of(each.uncut) == &each);
    CHECK(&span_source::of(span_source::end(each) - 1) == &each);
    CHECK(*each.uncut == static_cast<std::byte>(i));
    CHECK(*(span_source::end(each) - 1) == static_cast<std::byte>(i));
  }
  for (span* each : all) source.give(*each);
}

TEST_CASE("a region is mapped when it is needed, and goes back when all of it came back, but for two") {
  span_source source;
  CHECK(source.regions() == 0);
  const auto all = take(source, 32 * 5);
  CHECK(source.regions() == 5);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) source.give(*all[i]);
  CHECK(source.regions() == 3);  // two that are empty, and the one that is not
  source.give(*all.back());
  CHECK(source.regions() == 2);
}

TEST_CASE("what came back is taken before another region is mapped") {
  span_source source;
  auto all = take(source, 64);
  for (std::size_t i = 0; i < all.size(); i += 7) {
    all[i]->out = 1;
    source.give(*all[i]);
  }
  for (std::size_t i = 0; i < all.size(); i += 7) {
    all[i] = source.take();
    CHECK(all[i]->out == 0);
    CHECK(all[i]->free == nullptr);
    CHECK(room(*all[i]) >= span::size - 4096);
  }
  CHECK(source.regions() == 2);
  CHECK(std::set<span*>(all.begin(), all.end()).size() == 64);
  for (span* each : all) source.give(*each);
}

TEST_CASE("threads take and give at once") {
  span_source source;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&source, thread] {
      for (std::size_t round = 0; round < 50; ++round) {
        const auto mine = take(source, 1 + round % 40);
        for (span* each : mine) std::memset(each->uncut, thread, 64);
        for (span* each : mine) {
          CHECK(*each->uncut == static_cast<std::byte>(thread));
          source.give(*each);
        }
      }
    });
  }
  for (auto& each : threads) each.join();
  CHECK(source.regions() <= 2);
}
