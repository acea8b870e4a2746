// SPDX-License-Identifier: Apache-2.0
// The choices that make one execution: who steps, which store a load reads, whether a weak compare-exchange fails. The
// next execution takes the last of them that has an alternative left, until there is none: a depth-first search. Or a
// seed takes them, or a string that an earlier execution printed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace charkha::model {

class choices {
 public:
  enum class source : std::uint8_t { search, seed, text };

  choices() = default;
  explicit choices(std::uint64_t seed) : from_(source::seed), reduced_(false), random_(seed) {}
  /// Takes them from what text() gave; behind its end the first alternative is taken each time.
  explicit choices(std::string_view text);

  /// One of `count` alternatives, the first of which is what a sequentially consistent machine would do.
  [[nodiscard]] unsigned pick(unsigned count) {
    if (count <= 1) return 0;
    if (position_ < taken_.size()) return taken_[position_++].chosen;
    unsigned chosen = 0;
    if (from_ == source::seed) chosen = random() % 2 == 0 ? 0 : static_cast<unsigned>(random() % count);
    return note(chosen, count);
  }
  /// The same, for a scheduler that knows which one it wants if a seed decides.
  [[nodiscard]] unsigned pick(unsigned count, unsigned wanted) {
    if (count <= 1) return 0;
    if (from_ == source::seed) return note(wanted, count);
    return pick(count);
  }
  [[nodiscard]] source from() const noexcept { return from_; }
  /// Were alternatives left out that a search had been through? A seed leaves none out.
  [[nodiscard]] bool reduced() const noexcept { return reduced_; }
  [[nodiscard]] std::uint64_t random() noexcept;

  /// Back to the first choice, to go through the same execution again.
  void rewind() noexcept {
    position_ = 0;
    if (from_ == source::seed) from_ = source::text;
  }
  /// On to the next execution of the search. False: that was the last.
  [[nodiscard]] bool advance();

  /// The choices of this execution, for replay: `3*` stands for three times the first alternative, an `r` in
  /// front for a seed's.
  [[nodiscard]] std::string text() const;

 private:
  struct choice {
    unsigned chosen, count;
  };
  unsigned note(unsigned chosen, unsigned count) {
    taken_.push_back({chosen, count});
    ++position_;
    return chosen;
  }

  std::vector<choice> taken_;
  std::size_t position_ = 0;
  source from_ = source::search;
  bool reduced_ = true;
  std::uint64_t random_ = 0;
};

}  // namespace charkha::model
