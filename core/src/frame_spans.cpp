// SPDX-License-Identifier: Apache-2.0
#include "frame_spans.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace charkha::detail {

namespace {

constexpr std::int32_t at_a_time = 32;  // blocks that change hands under one lock, since others spin for it

bool has_uncut(span& of, std::size_t size) noexcept {
  return static_cast<std::size_t>(span_source::end(of) - of.uncut) >= size;
}

}  // namespace

frame_spans::chain frame_spans::take(std::size_t size_class, std::int32_t most) noexcept {
  const std::size_t size = size_class * frame_cache::granule;
  size_class_row& here = rows_[size_class];
  here.lock.lock();
  if (here.spans.first == nullptr) {
    here.lock.unlock();
    span* const fresh = source_.take();  // not under the lock: it may be the kernel's turn
    if (fresh == nullptr) return {nullptr, 0};
    here.lock.lock();
    here.spans.push(*fresh);
  }
  most = std::min(most, at_a_time);
  span& from = *here.spans.first;
  chain taken{from.free, 0};
  block* last = nullptr;
  while (taken.length < most && from.free != nullptr) {
    last = std::exchange(from.free, from.free->next);
    ++taken.length;
  }
  std::byte* const cut = from.uncut;
  if (taken.length == 0) {
    const auto room = static_cast<std::size_t>(span_source::end(from) - cut) / size;
    taken.length = static_cast<std::int32_t>(std::min(room, static_cast<std::size_t>(most)));
    from.uncut += static_cast<std::size_t>(taken.length) * size;
  }
  from.out += static_cast<std::uint32_t>(taken.length);
  if (from.free == nullptr && !has_uncut(from, size)) here.spans.erase(from);
  here.lock.unlock();
  if (last != nullptr) {
    last->next = nullptr;
    return taken;
  }
  // Not under the lock: the kernel finds memory for them as they are touched.
  for (std::int32_t left = taken.length; left > 0; --left)
    taken.first = ::new (cut + static_cast<std::size_t>(left - 1) * size) block{taken.first};
  return taken;
}

void frame_spans::give(std::size_t size_class, block* first) noexcept {
  const std::size_t size = size_class * frame_cache::granule;
  size_class_row& here = rows_[size_class];
  while (first != nullptr) {
    row<span> unused;
    {
      const spin_guard guard(here.lock);
      for (std::int32_t given = 0; given < at_a_time && first != nullptr; ++given) {
        block* const back = std::exchange(first, first->next);
        span& to = span_source::of(back);
        if (to.free == nullptr && !has_uncut(to, size)) here.spans.push(to);
        back->next = std::exchange(to.free, back);
        if (--to.out > 0) continue;
        here.spans.erase(to);
        unused.push(to);
      }
    }
    while (unused.first != nullptr) {
      span& empty = *unused.first;
      unused.erase(empty);
      source_.give(empty);
    }
  }
}

}  // namespace charkha::detail
