// SPDX-License-Identifier: Apache-2.0
#include "location.hpp"

#include <algorithm>
#include <cassert>

namespace charkha::model {

void location::begin(std::uintptr_t address, std::uint64_t value, unsigned thread, moment when) {
  address_ = address;
  stores_.clear();
  stores_.push_back({value, between_stores, false, false, {}, 0, 0, {}});
  past_writes = past_accesses = {};
  for (auto& seen : views_) seen.clear();
  last_write_ = {};
  last_read_ = {};
  sequentially_consistent_ = 0;
  changes_ = 0;
  initialiser_ = thread;
  initialised_ = when;
}

std::size_t location::oldest_readable(const vector_clock& clock, bool sequentially_consistent) const noexcept {
  stamp least = sequentially_consistent ? sequentially_consistent_ : 0;
  for (unsigned i = 0; i < max_threads; ++i) {
    for (auto seen = views_[i].rbegin(); seen != views_[i].rend(); ++seen) {
      if (!clock.knows(i, seen->when)) continue;
      least = std::max(least, seen->at);
      break;
    }
  }
  std::size_t index = stores_.size() - 1;
  while (index > 0 && stores_[index].at > least) --index;
  return index;
}

bool location::could_come_earlier(std::size_t index, const vector_clock& past) const noexcept {
  vector_clock before = past;
  before.join(stores_[index].past);
  return std::none_of(stores_.begin() + static_cast<std::ptrdiff_t>(index) + 1, stores_.end(),
                      [&](const store& newer) { return before.knows(newer.thread, newer.when); });
}

void location::note(unsigned thread, moment when, stamp at, bool sequentially_consistent) {
  auto& seen = views_[thread];
  if (seen.empty() || seen.back().at != at) seen.push_back({when, at});
  if (sequentially_consistent) sequentially_consistent_ = std::max(sequentially_consistent_, at);
}

void location::note_read(std::size_t index, unsigned thread, moment when, bool sequentially_consistent) {
  note(thread, when, stores_[index].at, sequentially_consistent);
  last_read_[thread] = when;
}

void location::insert_behind(std::size_t index, store what, unsigned thread, moment when,
                             bool sequentially_consistent) {
  const stamp before = stores_[index].at;
  what.at = index + 1 == stores_.size() ? before + between_stores : before + (stores_[index + 1].at - before) / 2;
  assert(what.at != before && "too many stores between two others");
  if (index + 1 == stores_.size() && what.value != stores_[index].value) ++changes_;
  what.thread = thread;
  what.when = when;
  note(thread, when, what.at, sequentially_consistent);
  last_write_[thread] = when;
  stores_.insert(stores_.begin() + static_cast<std::ptrdiff_t>(index) + 1, what);
}

unsigned location::unknown_access(const vector_clock& clock, bool writes_only) const noexcept {
  for (unsigned i = 0; i < max_threads; ++i) {
    if (!clock.knows(i, last_write_[i])) return i;
    if (!writes_only && !clock.knows(i, last_read_[i])) return i;
  }
  return max_threads;
}

}  // namespace charkha::model
