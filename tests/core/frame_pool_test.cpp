// SPDX-License-Identifier: Apache-2.0
// Memory for frames. Under a sanitizer the pool is bypassed; what is checked here holds there too, except reuse.
#include "charkha/detail/frame_pool.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

using charkha::detail::allocate_frame;
using charkha::detail::deallocate_frame;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool pooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool pooled = false;
#else
constexpr bool pooled = true;
#endif
#else
constexpr bool pooled = true;
#endif

struct held {
  unsigned char* bytes;
  std::size_t size;
  unsigned char mark;
};

}  // namespace

TEST_CASE("every size is writable to its last byte, aligned, and apart from the others") {
  std::vector<held> all;
  unsigned char mark = 1;
  for (std::size_t size = 1; size <= 2100; size += (size < 70 ? 1 : 13)) {
    for (int copy = 0; copy < 2; ++copy) {
      auto* bytes = static_cast<unsigned char*>(allocate_frame(size));
      CHECK(reinterpret_cast<std::uintptr_t>(bytes) % alignof(std::max_align_t) == 0);
      std::memset(bytes, mark, size);
      all.push_back({bytes, size, mark++});
    }
  }
  bool intact = true;
  for (const auto& each : all) {
    for (std::size_t i = 0; i < each.size; ++i) intact = intact && each.bytes[i] == each.mark;
  }
  CHECK(intact);
  for (const auto& each : all) deallocate_frame(each.bytes, each.size);
}

TEST_CASE("a freed frame serves the next one of its size class, newest first") {
  void* a = allocate_frame(100);
  void* b = allocate_frame(100);
  deallocate_frame(a, 100);
  deallocate_frame(b, 100);
  void* again = allocate_frame(97);  // 97 to 112 bytes are one class
  void* older = allocate_frame(112);
  if (pooled) {
    CHECK(again == b);
    CHECK(older == a);
  }
  CHECK(again != older);
  deallocate_frame(again, 97);
  deallocate_frame(older, 112);
}

TEST_CASE("neighbouring classes do not share frames") {
  void* small = allocate_frame(112);
  deallocate_frame(small, 112);
  void* larger = allocate_frame(113);
  if (pooled) CHECK(larger != small);
  std::memset(larger, 1, 113);
  deallocate_frame(larger, 113);
}

TEST_CASE("the largest class, the first size past it and a huge frame") {
  for (const std::size_t size : {std::size_t{2048}, std::size_t{2049}, std::size_t{1} << 20}) {
    CAPTURE(size);
    void* frame = allocate_frame(size);
    std::memset(frame, 0x5a, size);
    deallocate_frame(frame, size);
    void* again = allocate_frame(size);
    std::memset(again, 0xa5, size);
    deallocate_frame(again, size);
  }
}

TEST_CASE("more frames than a list keeps are given back and stay usable") {
  constexpr std::size_t size = 512, count = 1000;  // a list keeps 32 KiB
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> frames;
    for (std::size_t i = 0; i < count; ++i) frames.push_back(allocate_frame(size));
    CHECK(std::set<void*>(frames.begin(), frames.end()).size() == count);
    for (void* frame : frames) std::memset(frame, round, size);
    for (void* frame : frames) deallocate_frame(frame, size);
  }
}

TEST_CASE("a frame may be freed on a thread that never allocated") {
  void* frame = allocate_frame(64);
  std::memset(frame, 1, 64);
  std::thread([frame] { deallocate_frame(frame, 64); }).join();
}

TEST_CASE("frames pass between threads that come and go") {
  std::vector<void*> frames;
  for (int round = 0; round < 20; ++round) {
    std::thread([&frames, round] {
      for (void* frame : frames) {
        CHECK(static_cast<unsigned char*>(frame)[95] == round - 1);
        deallocate_frame(frame, 96);
      }
      frames.clear();
      for (int i = 0; i < 50; ++i) {
        void* frame = allocate_frame(96);
        std::memset(frame, round, 96);
        frames.push_back(frame);
      }
      deallocate_frame(frames.back(), 96);
      frames.pop_back();
    }).join();
  }
  for (void* frame : frames) deallocate_frame(frame, 96);
}

TEST_CASE("frames that go round between threads are never two at once") {
  constexpr std::size_t size = 2000, count = 400;
  constexpr int threads = 4, rounds = 50;
  std::vector<std::vector<void*>> slots(threads);
  const auto round = [&](int self) {
    auto& mine = slots[static_cast<std::size_t>(self)];
    for (void* frame : mine) deallocate_frame(frame, size);
    mine.clear();
    for (std::size_t i = 0; i < count; ++i) {
      mine.push_back(allocate_frame(size));
      std::memset(mine.back(), self, size);
    }
    for (void* frame : mine) CHECK(static_cast<unsigned char*>(frame)[size - 1] == self);
  };
  for (int i = 0; i < rounds; ++i) {
    std::vector<std::thread> all;
    // Each round another thread frees what this one took.
    for (int self = 0; self < threads; ++self) all.emplace_back(round, self);
    for (auto& each : all) each.join();
    std::rotate(slots.begin(), slots.begin() + 1, slots.end());
  }
  for (const auto& each : slots) {
    for (void* frame : each) deallocate_frame(frame, size);
  }
}
