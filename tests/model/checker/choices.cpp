// SPDX-License-Identifier: Apache-2.0
#include "choices.hpp"

#include <charconv>

namespace charkha::model {

choices::choices(std::string_view text) : from_(source::text) {
  if (text.starts_with('r')) {
    reduced_ = false;
    text.remove_prefix(1);
  }
  while (!text.empty()) {
    unsigned number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ptr == text.data()) break;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    if (!text.empty() && text.front() == '*') {
      taken_.insert(taken_.end(), number, choice{0, 0});
      text.remove_prefix(1);
    } else {
      taken_.push_back({number, 0});
    }
    if (!text.empty() && text.front() == '.') text.remove_prefix(1);
  }
}

// splitmix64
std::uint64_t choices::random() noexcept {
  random_ += 0x9e37'79b9'7f4a'7c15U;
  auto mixed = random_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58'476d'1ce4'e5b9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d0'49bb'1331'11ebU;
  return mixed ^ (mixed >> 31);
}

bool choices::advance() {
  position_ = 0;
  while (!taken_.empty()) {
    if (++taken_.back().chosen < taken_.back().count) return true;
    taken_.pop_back();
  }
  return false;
}

std::string choices::text() const {
  std::string out = reduced_ ? "" : "r";
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < position_; ++i) {
    if (taken_[i].chosen == 0) {
      ++zeros;
      continue;
    }
    if (zeros != 0) out += std::to_string(zeros) + "*.";
    zeros = 0;
    out += std::to_string(taken_[i].chosen) + ".";
  }
  if (out.ends_with('.')) out.pop_back();
  return out;
}

}  // namespace charkha::model
