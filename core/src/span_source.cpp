// SPDX-License-Identifier: Apache-2.0
#include "span_source.hpp"

#include <sys/mman.h>

#include <bit>
#include <new>

namespace charkha::detail {

namespace {

constexpr std::uint32_t all_here = ~std::uint32_t{0};

std::byte* aligned(const void* memory, std::size_t alignment) noexcept {
  return reinterpret_cast<std::byte*>(reinterpret_cast<std::uintptr_t>(memory) & ~(alignment - 1));
}

}  // namespace

span_source::~span_source() {
  for (region* each = row_.first; each != nullptr;) {
    region& gone = *each;
    each = each->next;
    if (gone.here == all_here) static_cast<void>(unmap(gone));
  }
}

span* span_source::take() noexcept {
  lock_.lock();
  if (row_.first == nullptr) {
    lock_.unlock();
    region* fresh = map();  // not under the lock: it is the kernel's turn
    if (fresh == nullptr) return nullptr;
    lock_.lock();
    row_.push(*fresh);
    ++mapped_;
    ++empty_;
  }
  region& from = *row_.first;
  if (from.here == all_here) --empty_;
  const auto index = static_cast<std::size_t>(std::countr_zero(from.here));
  from.here &= from.here - 1;
  if (from.here == 0) row_.erase(from);
  lock_.unlock();
  span& taken = from.notes[index];
  taken = {};
  taken.uncut =
      index == 0 ? reinterpret_cast<std::byte*>(&from + 1) : reinterpret_cast<std::byte*>(&from) + index * span::size;
  return &taken;
}

void span_source::give(span& unused) noexcept {
  region& to = region_of(&unused);
  {
    const spin_guard guard(lock_);
    if (to.here == 0) row_.push(to);
    to.here |= std::uint32_t{1} << (&unused - to.notes.data());
    if (to.here != all_here) return;
    if (empty_ < most_empty) {
      ++empty_;
      return;
    }
    row_.erase(to);
    --mapped_;
  }
  if (unmap(to)) return;
  // The kernel has no room for a hole here.
  const spin_guard guard(lock_);
  row_.push(to);
  ++mapped_;
  ++empty_;
}

span& span_source::of(void* memory) noexcept {
  region& in = region_of(memory);
  return in.notes[static_cast<std::size_t>(static_cast<std::byte*>(memory) - reinterpret_cast<std::byte*>(&in)) /
                  span::size];
}

std::byte* span_source::end(span& taken) noexcept {
  region& in = region_of(&taken);
  return reinterpret_cast<std::byte*>(&in) + static_cast<std::size_t>(&taken - in.notes.data() + 1) * span::size;
}

std::size_t span_source::regions() noexcept {
  const spin_guard guard(lock_);
  return mapped_;
}

span_source::region& span_source::region_of(const void* memory) noexcept {
  return *reinterpret_cast<region*>(aligned(memory, region_size));
}

// Twice as much, so that an aligned region is in it; what stands over goes back.
span_source::region* span_source::map() noexcept {
  void* const mapped = ::mmap(nullptr, 2 * region_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const first = static_cast<std::byte*>(mapped);
  std::byte* const begin = aligned(first + region_size - 1, region_size);
  const auto before = static_cast<std::size_t>(begin - first);
  if (before > 0) ::munmap(first, before);
  if (before < region_size) ::munmap(begin + region_size, region_size - before);
  return ::new (begin) region;
}

bool span_source::unmap(region& unused) noexcept { return ::munmap(&unused, region_size) == 0; }

}  // namespace charkha::detail
