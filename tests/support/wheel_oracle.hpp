// SPDX-License-Identifier: Apache-2.0
// The timing wheel beside a sorted list: the same inserts, removals and advances, one of which is right for sure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <vector>

#include "timer_wheel.hpp"

namespace charkha::test {

struct wheel_entry final : detail::timer_entry {
  explicit wheel_entry(std::uint64_t at = 0) noexcept { tick = at; }
  [[nodiscard]] detail::ready_item* expire() noexcept override { return nullptr; }
};

/// What is due by `now`, in the order in which the wheel gives it.
template <class Wheel>
std::vector<detail::timer_entry*> advance(Wheel& wheel, std::uint64_t now) {
  std::vector<detail::timer_entry*> due;
  wheel.advance_to(now, [&due](detail::timer_entry& each) { due.push_back(&each); });
  return due;
}

/// Start ticks two before every level boundary of a wheel with 2^Bits slots, and at both ends.
template <unsigned Bits>
std::vector<std::uint64_t> interesting_starts() {
  std::vector<std::uint64_t> starts{0, 1};
  for (unsigned shift = Bits; shift < 64; shift += Bits) {
    starts.push_back((std::uint64_t{1} << shift) - 2);
    starts.push_back(~std::uint64_t{0} << shift);  // all digits above are at their highest
  }
  starts.push_back(UINT64_MAX / 2 - 2);
  return starts;
}

/// Choose: gives a number of 64 bits, for what happens next.
template <unsigned Bits, class Choose>
class wheel_and_oracle {
 public:
  /// Distances, of timers and of steps in time, are below 2^`farthest`.
  wheel_and_oracle(Choose& choose, std::uint64_t start, bool removing, unsigned farthest = 64)
      : choose_(choose), wheel_(start), removing_(removing), farthest_(farthest), entries_(100) {
    for (auto& each : entries_) {
      each = std::make_unique<wheel_entry>();
      idle_.push_back(each.get());
    }
  }

  [[nodiscard]] std::uint64_t present() const noexcept { return wheel_.present(); }

  /// One operation. False: they disagree.
  [[nodiscard]] bool step() {
    bool right = true;
    switch (choose_() % (removing_ ? 4 : 3)) {
      case 0:
      case 1:
        insert();
        break;
      case 2:
        right = advances();
        break;
      default:
        right = removes();
        break;
    }
    return right && wheel_.size() == oracle_.size() && promises_well();
  }

 private:
  using wheel = detail::basic_timer_wheel<Bits>;

  // Distances of all magnitudes, small ones often.
  [[nodiscard]] std::uint64_t later(std::uint64_t from) {
    const auto bits = static_cast<unsigned>(choose_() % (choose_() % 4 == 0 ? farthest_ - 1 : 3 * Bits));
    const std::uint64_t distance = choose_() & ((std::uint64_t{2} << bits) - 1);
    return from > UINT64_MAX - 1 - distance ? UINT64_MAX - 1 : from + distance;
  }

  void insert() {
    if (idle_.empty()) return;
    wheel_entry* chosen = idle_.back();
    idle_.pop_back();
    // Mostly the future, sometimes the present, sometimes the past.
    chosen->tick = choose_() % 10 == 0 ? wheel_.present() - std::min<std::uint64_t>(wheel_.present(), choose_() % 5)
                                       : later(wheel_.present());
    if (choose_() % 3 == 0 && !oracle_.empty()) chosen->tick = oracle_.begin()->first;
    wheel_.insert(*chosen);
    oracle_.emplace(chosen->tick, chosen);
  }

  [[nodiscard]] bool advances() {
    std::uint64_t now = wheel_.present();
    if (choose_() % 3 == 0 && !oracle_.empty()) {
      now = std::max(now, oracle_.begin()->first - (oracle_.begin()->first > 0 ? choose_() % 2 : 0));
    } else {
      now = later(now);
    }
    std::vector<detail::timer_entry*> expected;
    while (!oracle_.empty() && oracle_.begin()->first <= now) {
      expected.push_back(oracle_.begin()->second);
      idle_.push_back(oracle_.begin()->second);
      oracle_.erase(oracle_.begin());
    }
    const auto due = advance(wheel_, now);
    return due == expected && wheel_.present() == now &&
           std::all_of(due.begin(), due.end(), [](const auto* each) { return each->next == nullptr; });
  }

  [[nodiscard]] bool removes() {
    if (oracle_.empty()) return true;
    auto chosen = oracle_.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(choose_() % oracle_.size()));
    wheel_entry* entry = chosen->second;
    wheel_.remove(*entry);
    idle_.push_back(entry);
    oracle_.erase(chosen);
    return entry->next == nullptr;
  }

  [[nodiscard]] bool promises_well() const {
    const auto promised = wheel_.next_expiry();
    if (oracle_.empty()) return promised == wheel::never;
    const auto earliest = std::max(oracle_.begin()->first, wheel_.present());
    return removing_ ? promised <= earliest && promised >= wheel_.present() : promised == earliest;
  }

  Choose& choose_;
  wheel wheel_;
  const bool removing_;  // else a promise is exact
  const unsigned farthest_;
  std::multimap<std::uint64_t, wheel_entry*> oracle_;  // equal ticks stay in the order of insertion
  std::vector<std::unique_ptr<wheel_entry>> entries_;
  std::vector<wheel_entry*> idle_;
};

}  // namespace charkha::test
