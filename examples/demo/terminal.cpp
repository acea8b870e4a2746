// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace demo {

terminal::terminal()
    : is_terminal_(isatty(STDOUT_FILENO) == 1), has_colours_(is_terminal_ && std::getenv("NO_COLOR") == nullptr) {
  winsize size{};
  if (is_terminal_ && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    width_ = std::clamp<std::size_t>(size.ws_col, 80, 120);
  }
}

void terminal::heading(const std::string& text) { line("\n" + (has_colours_ ? "\033[1m" + text + "\033[0m" : text)); }

void terminal::line(const std::string& text) {
  clear_bar();
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

void terminal::progress(const std::string& stage, double done) {
  if (!is_terminal_) return;
  constexpr std::size_t length = 40;
  const auto filled = static_cast<std::size_t>(std::clamp(done, 0.0, 1.0) * length);
  std::printf("\r  %-10s [%s%s]", stage.c_str(), std::string(filled, '#').c_str(),
              std::string(length - filled, '.').c_str());
  std::fflush(stdout);
  bar_shown_ = true;
}

bool terminal::verdict(bool good, const std::string& text) {
  const std::string word = good ? "ok" : "FAILED";
  const std::string colour = good ? "\033[32m" : "\033[1;31m";
  line("  " + (has_colours_ ? colour + word + "\033[0m" : word) + ": " + text);
  return good;
}

void terminal::clear_bar() {
  if (bar_shown_) std::printf("\r%*s\r", static_cast<int>(width_) - 1, "");
  bar_shown_ = false;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string fixed(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

}  // namespace demo
