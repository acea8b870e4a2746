// SPDX-License-Identifier: Apache-2.0
#include "plain_memory.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace charkha::model {

void plain_memory::clear() noexcept {
  ++execution_;
  used_ = 0;
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
      here = {};
      here.execution = execution_;
      here.key = key;
      return here;
    }
    if (here.key == key) return here;
  }
}

template <bool Writes>
plain_memory::verdict plain_memory::access(std::uintptr_t address, std::size_t size, unsigned thread,
                                           const vector_clock& clock) {
  const moment now = clock[thread];
  for (const auto end = address + size; address < end;) {
    word& here = find(address / 8);
    const auto first = address % 8;
    const auto last = std::min<std::uintptr_t>(8, first + (end - address));
    for (auto byte = first; byte < last; ++byte) {
      const auto at = address + (byte - first);
      if ((here.freed >> byte & 1) != 0) return {fault::use_after_free, at, {}};
      auto& written = here.written[byte];
      if (!clock.knows(written.thread, written.when)) return {fault::race, at, {written.thread, written.when, true}};
      if constexpr (Writes) {
        for (unsigned i = 0; i < max_threads; ++i) {
          if (!clock.knows(i, here.read[i][byte])) return {fault::race, at, {i, here.read[i][byte], false}};
        }
        written = {thread & 7U, now & 0x1fff'ffffU};
      } else {
        here.read[thread][byte] = now;
      }
    }
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
  const auto& written = find(address / 8).written[address % 8];
  return {written.thread, written.when, true};
}

bool plain_memory::is_freed(std::uintptr_t address) { return (find(address / 8).freed >> address % 8 & 1) != 0; }

}  // namespace charkha::model
