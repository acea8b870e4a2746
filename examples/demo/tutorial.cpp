// SPDX-License-Identifier: Apache-2.0
#include "tutorial.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace demo {

namespace {

namespace fs = std::filesystem;

/// A command's standard output, line by line as it comes.
class command_output {
 public:
  explicit command_output(const std::string& command) : pipe_(popen(command.c_str(), "r")) {
    if (pipe_ == nullptr) throw std::runtime_error("cannot run " + command);
  }
  ~command_output() { static_cast<void>(finish()); }
  command_output(const command_output&) = delete;
  command_output& operator=(const command_output&) = delete;

  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] int descriptor() const noexcept { return ended_ ? -1 : fileno(pipe_); }

  /// Waits until there is something to read, or the end.
  void read_some() {
    char buffer[4096];
    const auto size = ::read(fileno(pipe_), buffer, sizeof buffer);
    if (size <= 0) {
      ended_ = true;
      return;
    }
    rest_.append(buffer, static_cast<std::size_t>(size));
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
      lines_.push_back(rest_.substr(0, end));
      rest_.erase(0, end + 1);
    }
  }

  /// Waits for the end of the command. Did it end with 0?
  [[nodiscard]] bool finish() {
    if (pipe_ != nullptr) status_ = pclose(std::exchange(pipe_, nullptr));
    return status_ == 0;
  }

 private:
  std::FILE* pipe_;
  int status_ = -1;
  bool ended_ = false;
  std::string rest_;
  std::vector<std::string> lines_;
};

std::string quoted(const fs::path& path) {
  std::string text = "'";
  for (const char each : path.string()) text += each == '\'' ? std::string("'\\''") : std::string(1, each);
  return text + "'";
}

/// The first line of what the command prints; empty if it fails.
std::string first_line(const std::string& command) {
  command_output output(command);
  while (!output.ended()) output.read_some();
  return output.finish() && !output.lines().empty() ? output.lines().front() : "";
}

/// The version of a CPython that knows the asyncio we speak of; empty if there is none.
std::string python_version() {
  return first_line(
      "python3 -c 'import platform, sys; print(platform.python_version()); sys.exit(sys.version_info < (3, 11))' "
      "2>/dev/null");
}

/// "[1.0 s] text" as ("text", 1.0), in an order that does not depend on which of two tasks came first.
std::vector<std::pair<std::string, double>> sorted(const std::vector<std::string>& lines) {
  std::vector<std::pair<std::string, double>> parts;
  for (const auto& line : lines) {
    double time = -1;
    int length = 0;
    std::sscanf(line.c_str(), "[%lf s] %n", &time, &length);
    parts.emplace_back(line.substr(static_cast<std::size_t>(length)), time);
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The same lines, none of them before its time?
bool agree(const std::vector<std::string>& printed, const std::vector<std::string>& expected) {
  const auto left = sorted(printed), right = sorted(expected);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& a, const auto& b) { return a.first == b.first && a.second >= b.second; });
}

std::size_t right_column(const terminal& out) noexcept { return out.width() / 2 + 2; }

/// One program, started twice: as it is written with charkha and as it is written with asyncio.
class comparison {
 public:
  comparison(const fs::path& program, const std::string& asyncio, fs::path recorded)
      : program_(quoted(program)), asyncio_(asyncio), recorded_(std::move(recorded)) {}

  /// Prints each line when both have printed it.
  bool show(terminal& out) {
    std::size_t shown = 0;
    while (!program_.ended() || !asyncio_.ended()) {
      pollfd both[] = {{program_.descriptor(), POLLIN, 0}, {asyncio_.descriptor(), POLLIN, 0}};
      poll(both, 2, -1);
      if (both[0].revents != 0) program_.read_some();
      if (both[1].revents != 0) asyncio_.read_some();
      const auto both_have = std::min(program_.lines().size(), asyncio_.lines().size());
      for (; shown < both_have; ++shown) show_row(out, shown);
    }
    const auto all = std::max(program_.lines().size(), asyncio_.lines().size());
    for (; shown < all; ++shown) show_row(out, shown);

    const auto expected = lines_of(recorded_);
    const bool ended_well = program_.finish() && asyncio_.finish();
    const bool good =
        ended_well && !expected.empty() && agree(program_.lines(), expected) && agree(asyncio_.lines(), expected);
    return out.verdict(good, good ? "the same lines, none early" : "other lines, or one that is early");
  }

 private:
  void show_row(terminal& out, std::size_t row) const {
    const auto cell = [row](const command_output& from) {
      return row < from.lines().size() ? from.lines()[row] : std::string();
    };
    std::string left = "  " + cell(program_);
    left.resize(std::max(left.size() + 1, right_column(out)), ' ');
    out.line(left + cell(asyncio_));
  }

  command_output program_;
  command_output asyncio_;
  fs::path recorded_;
};

struct tutorial_program {
  const char* name;
  const char* says;
};

constexpr tutorial_program programs[] = {
    {"tutorial_create_task", "create_task() returns at once; co_await gives the result"},
    {"tutorial_together", "three tasks of 3 s are done after 3 s, not 9"},
    {"tutorial_ticker", "two tasks sleep, a third coroutine goes on"},
};

}  // namespace

bool show_tutorial(terminal& out, bool all_at_once) {
  const fs::path here = fs::canonical("/proc/self/exe").parent_path(), there = CHARKHA_ASYNCIO_EXAMPLES;
  const std::string version = python_version();
  const auto start = [&](const tutorial_program& each) {
    const fs::path script = there / (std::string(each.name) + ".py"),
                   recorded = there / (std::string(each.name) + ".txt");
    return std::make_unique<comparison>(
        here / each.name, version.empty() ? "cat " + quoted(recorded) : "python3 " + quoted(script), recorded);
  };

  out.heading("1. The tutorial's programs");
  out.line("  With several workers, lines of different tasks may change places.");
  std::vector<std::unique_ptr<comparison>> started;
  if (all_at_once) {
    for (const auto& each : programs) started.push_back(start(each));
  }
  std::string titles = "  charkha";
  titles.resize(right_column(out), ' ');
  titles += version.empty() ? "asyncio (recorded: no Python 3.11)" : "asyncio (CPython " + version + ")";
  bool good = true;
  for (std::size_t i = 0; i < std::size(programs); ++i) {
    if (!all_at_once) started.push_back(start(programs[i]));
    out.line();
    out.line(std::string("  ") + programs[i].name + ": " + programs[i].says);
    out.line(titles);
    good = started[i]->show(out) && good;
  }
  return good;
}

}  // namespace demo
