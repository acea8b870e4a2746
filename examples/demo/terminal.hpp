// SPDX-License-Identifier: Apache-2.0
// Standard output as the demo uses it: headings, lines, verdicts and one bar that shows how far a stage has come. Colours
// and the bar are for terminals; a file or a pipe gets plain lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace demo {

class terminal {
 public:
  terminal();

  /// Columns, from 80 to 120.
  [[nodiscard]] std::size_t width() const noexcept { return width_; }

  void heading(const std::string& text);
  void line(const std::string& text = {});
  /// Draws the bar anew; `done` from 0 to 1. The next line takes its place.
  void progress(const std::string& stage, double done);
  /// A line that says whether something holds. Gives `good` back.
  bool verdict(bool good, const std::string& text);

 private:
  void clear_bar();

  bool is_terminal_;
  bool has_colours_;
  bool bar_shown_ = false;
  std::size_t width_ = 80;
};

/// 1,000,000
[[nodiscard]] std::string grouped(std::uint64_t number);
/// 1.25, with so many digits behind the point.
[[nodiscard]] std::string fixed(double number, int digits);

}  // namespace demo
