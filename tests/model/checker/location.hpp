// SPDX-License-Identifier: Apache-2.0
// One atomic variable of the model: every store there was, in modification order, and what each thread has seen of them.
//
// The modification order need not be the order in which the stores were executed. A store takes any place in it that
// coherence leaves: behind all stores that happen before it, were read by what happens before it, or, if it is
// sequentially consistent, were touched by an earlier sequentially consistent access; and not between a store and the
// read-modify-write that read it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "vector_clock.hpp"

namespace charkha::model {

class location {
 public:
  using stamp = std::uint64_t;  // a place in the modification order

  struct store {
    std::uint64_t value;
    stamp at;
    bool by_read_modify_write;  // nothing comes between it and the store before it
    bool releases;
    vector_clock released;  // what an acquiring reader learns; a release sequence hands it on
    unsigned thread = 0;
    moment when = 0;
    vector_clock past;  // see causal_past
  };

  /// A variable that holds `value`, which `thread` wrote plainly at `when`.
  void begin(std::uintptr_t address, std::uint64_t value, unsigned thread, moment when);

  [[nodiscard]] std::uintptr_t address() const noexcept { return address_; }
  [[nodiscard]] const store& operator[](std::size_t index) const noexcept { return stores_[index]; }
  [[nodiscard]] std::size_t count() const noexcept { return stores_.size(); }
  [[nodiscard]] const store& newest() const noexcept { return stores_.back(); }

  /// The oldest store that a thread which knows so much may still read.
  [[nodiscard]] std::size_t oldest_readable(const vector_clock& clock, bool sequentially_consistent) const noexcept;
  /// May a store stand directly behind that one?
  [[nodiscard]] bool has_place_behind(std::size_t index) const noexcept {
    return index + 1 == stores_.size() || !stores_[index + 1].by_read_modify_write;
  }

  /// Would the same thing have happened if an access had been made earlier, before all stores that are newer than the one
  /// at `index`? `past` is that of the accessing thread. Such an execution is another one of the search.
  [[nodiscard]] bool could_come_earlier(std::size_t index, const vector_clock& past) const noexcept;

  /// How often the newest value has changed.
  [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }

  // Of the search, not of the model: what the accesses so far depend on, in the order in which they were executed.
  vector_clock past_writes;
  vector_clock past_accesses;

  void note_read(std::size_t index, unsigned thread, moment when, bool sequentially_consistent);
  /// From here on the thread reads nothing older than the newest store: in the end stores become visible.
  void see_newest(unsigned thread, moment when) { note(thread, when, stores_.back().at, false); }
  /// Puts a store behind the one at `index`.
  void insert_behind(std::size_t index, store what, unsigned thread, moment when, bool sequentially_consistent);

  // For races with plain accesses to the same memory.
  [[nodiscard]] bool initialised_for(const vector_clock& clock) const noexcept {
    return clock.knows(initialiser_, initialised_);
  }
  [[nodiscard]] unsigned initialiser() const noexcept { return initialiser_; }
  /// A thread with an atomic access that `clock` does not know of, or max_threads.
  [[nodiscard]] unsigned unknown_access(const vector_clock& clock, bool writes_only) const noexcept;

 private:
  static constexpr stamp between_stores = stamp{1} << 32;

  struct view {
    moment when;
    stamp at;
  };
  void note(unsigned thread, moment when, stamp at, bool sequentially_consistent);

  std::uintptr_t address_ = 0;
  std::vector<store> stores_;
  std::array<std::vector<view>, max_threads> views_;  // what each thread had seen when, both growing
  std::array<moment, max_threads> last_write_{};
  std::array<moment, max_threads> last_read_{};
  stamp sequentially_consistent_ = 0;  // the newest that such an access has touched
  std::uint64_t changes_ = 0;
  unsigned initialiser_ = 0;
  moment initialised_ = 0;
};

}  // namespace charkha::model
