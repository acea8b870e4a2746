// SPDX-License-Identifier: Apache-2.0
// Who touched which byte when, apart from atomic accesses: finds data races and the use of memory that was freed. A race
// is found by happens-before, so in whichever order the two accesses were executed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vector_clock.hpp"

namespace charkha::model {

class plain_memory {
 public:
  struct event {
    unsigned thread = max_threads;  // max_threads: nobody
    moment when = 0;
    bool writes = false;
  };
  enum class fault : std::uint8_t { none, race, use_after_free };
  struct verdict {
    fault what = fault::none;
    std::uintptr_t address = 0;
    event other{};
  };

  plain_memory() : words_(capacity) {}

  /// Forgets everything: a new execution begins.
  void clear() noexcept;

  [[nodiscard]] verdict read(std::uintptr_t address, std::size_t size, unsigned thread, const vector_clock& clock);
  [[nodiscard]] verdict write(std::uintptr_t address, std::size_t size, unsigned thread, const vector_clock& clock);
  /// As a write; every later access is a fault.
  [[nodiscard]] verdict free(std::uintptr_t address, std::size_t size, unsigned thread, const vector_clock& clock);

  /// The last write, and whether the byte was freed, for an atomic access.
  [[nodiscard]] event last_write(std::uintptr_t address);
  [[nodiscard]] bool is_freed(std::uintptr_t address);

  /// Does an atomic variable begin at one of the word's bytes? A bit for each.
  [[nodiscard]] std::uint8_t& atomics(std::uintptr_t address) { return find(address / 8).atomics; }

 private:
  static constexpr std::size_t capacity = std::size_t{1} << 15;

  struct write_event {
    std::uint32_t thread : 3;
    std::uint32_t when : 29;
  };
  using reads = std::array<std::array<moment, 8>, max_threads>;  // by each thread, of each byte
  struct word {
    std::uintptr_t key = 0;
    std::uint32_t execution = 0;
    std::uint8_t atomics = 0;
    std::uint8_t freed = 0;
    std::uint8_t is_written = 0;  // a bit for each byte, as the next
    std::uint8_t is_read = 0;     // by the owner
    std::uint8_t owner = max_threads;
    std::uint32_t shared = 0;  // what others have read, too; 0 as long as only the owner has touched it
    std::array<write_event, 8> written;
    std::array<moment, 8> read;  // by the owner, as long as it is not shared
  };

  [[nodiscard]] reads& share(word& here);
  [[nodiscard]] word& find(std::uintptr_t key);
  template <bool Writes>
  [[nodiscard]] verdict access(std::uintptr_t address, std::size_t size, unsigned thread, const vector_clock& clock);

  std::vector<word> words_;
  std::vector<reads> shared_;
  std::size_t shared_used_ = 1;
  std::size_t used_ = 0;
  std::uint32_t execution_ = 1;
};

}  // namespace charkha::model
