// SPDX-License-Identifier: Apache-2.0
#include "plain_memory.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace charkha::model {

void plain_memory::clear() noexcept {
  ++execution_;
  used_ = 0;
  shared_used_ = 1;
}

plain_memory::word& plain_memory::find(std::uintptr_t key) {
  auto index = (key * 0x9e37'79b9'7f4a'7c15U) >> 49;
  for (;; index = (index + 1) % capacity) {
    word& here = words_[index];
    if (here.execution != execution_) {
      if (++used_ > capacity / 2) {
        std::fputs("model: a scenario touches too much memory\n", stderr);
        std::abort();
      }
      here.key = key;
      here.execution = execution_;
      here.atomics = here.freed = here.is_written = here.is_read = 0;
      here.owner = max_threads;
      here.shared = 0;
      return here;
    }
    if (here.key == key) return here;
  }
}

// A second thread comes: from now on the reads of each are kept.
plain_memory::reads& plain_memory::share(word& here) {
  if (here.shared != 0) return shared_[here.shared];
  if (shared_used_ >= shared_.size()) shared_.resize(2 * shared_used_ + 64);
  here.shared = static_cast<std::uint32_t>(shared_used_++);
  reads& all = shared_[here.shared];
  all = {};
  for (unsigned byte = 0; byte < 8; ++byte) {
    if ((here.is_read >> byte & 1) != 0) all[here.owner][byte] = here.read[byte];
  }
  return all;
}

template <bool Writes>
plain_memory::verdict plain_memory::access(std::uintptr_t address, std::size_t size, unsigned thread,
                                           const vector_clock& clock) {
  const moment now = clock[thread];
  const write_event mine{thread & 7U, now & 0x1fff'ffffU};
  for (const auto end = address + size; address < end;) {
    word& here = find(address / 8);
    const auto first = static_cast<unsigned>(address % 8);
    const auto last = static_cast<unsigned>(std::min<std::uintptr_t>(8, first + (end - address)));
    const auto bytes = static_cast<std::uint8_t>(((1U << last) - 1) & ~((1U << first) - 1));
    if ((here.freed & bytes) != 0) return {fault::use_after_free, address, {}};
    if (here.owner == max_threads) here.owner = static_cast<std::uint8_t>(thread);
    if (here.owner == thread && here.shared == 0) {
      if constexpr (Writes) {
        std::fill(here.written.begin() + first, here.written.begin() + last, mine);
        here.is_written |= bytes;
      } else {
        std::fill(here.read.begin() + first, here.read.begin() + last, now);
        here.is_read |= bytes;
      }
      address += last - first;
      continue;
    }
    reads& all = share(here);
    for (auto byte = first; byte < last; ++byte) {
      const auto at = address + (byte - first);
      const auto& written = here.written[byte];
      if ((here.is_written >> byte & 1) != 0 && !clock.knows(written.thread, written.when)) {
        return {fault::race, at, {written.thread, written.when, true}};
      }
      if constexpr (Writes) {
        for (unsigned i = 0; i < max_threads; ++i) {
          if (!clock.knows(i, all[i][byte])) return {fault::race, at, {i, all[i][byte], false}};
        }
        here.written[byte] = mine;
      } else {
        all[thread][byte] = now;
      }
    }
    if constexpr (Writes) here.is_written |= bytes;
    address += last - first;
  }
  return {};
}

plain_memory::verdict plain_memory::read(std::uintptr_t address, std::size_t size, unsigned thread,
                                         const vector_clock& clock) {
  return access<false>(address, size, thread, clock);
}

plain_memory::verdict plain_memory::write(std::uintptr_t address, std::size_t size, unsigned thread,
                                          const vector_clock& clock) {
  return access<true>(address, size, thread, clock);
}

plain_memory::verdict plain_memory::free(std::uintptr_t address, std::size_t size, unsigned thread,
                                         const vector_clock& clock) {
  const auto found = access<true>(address, size, thread, clock);
  for (auto at = address; at < address + size; ++at) {
    find(at / 8).freed |= static_cast<std::uint8_t>(1U << at % 8);
  }
  return found;
}

plain_memory::event plain_memory::last_write(std::uintptr_t address) {
  const word& here = find(address / 8);
  if ((here.is_written >> address % 8 & 1) == 0) return {0, 0, true};
  const auto& written = here.written[address % 8];
  return {written.thread, written.when, true};
}

bool plain_memory::is_freed(std::uintptr_t address) { return (find(address / 8).freed >> address % 8 & 1) != 0; }

}  // namespace charkha::model
