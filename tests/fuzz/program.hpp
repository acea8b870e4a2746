// SPDX-License-Identifier: Apache-2.0
// A program made of bytes: a few scripts of instructions, each run by any number of tasks. Every sequence of bytes is one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace charkha::fuzz {

enum class action : std::uint8_t {
  yield,
  sleep,                  // argument: milliseconds
  create,                 // a task that runs script `argument`
  join,                   // await the task that was created as number `argument`, if it is younger
  shield,                 // the same, shielded
  cancel,                 // the task that was created as number `argument`, itself included
  uncancel,               // itself
  raise,                  // an error
  put,                    // into queue `argument`
  get,                    // from it
  set,                    // event `argument`
  clear,                  // it
  wait,                   // for it
  gather,                 // two blocks
  first_block,            // from here on: those with a block
  timeout = first_block,  // argument: milliseconds
  catching,               // goes on after an error or a cancel request in its block
  with_lock,              // `argument`
  with_semaphore,         // `argument`
  group,                  // a task group; `create` in its block creates children of it
  count,
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(action::count)> action_names{
    "yield", "sleep", "create", "join",   "shield",  "cancel",   "uncancel",  "raise",          "put",  "get",
    "set",   "clear", "wait",   "gather", "timeout", "catching", "with lock", "with semaphore", "group"};

struct instruction {
  action what;
  unsigned argument;
  std::vector<instruction> block;  // of those with a block, and gather's first
  std::vector<instruction> other;  // gather's second
};
using script = std::vector<instruction>;

inline constexpr std::size_t scripts_in_a_program = 4;
using program = std::array<script, scripts_in_a_program>;

namespace detail {

// Reads bytes as long as there are some, and instructions as long as there is room for them.
class reader {
 public:
  explicit reader(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] program read() {
    program read;
    for (auto& each : read) each = block(0, longest_script);
    return read;
  }

 private:
  static constexpr int deepest = 4;
  static constexpr std::size_t longest_script = 24, longest_block = 8;
  static constexpr std::uint8_t end = 0xe0;  // and above

  [[nodiscard]] script block(int depth, std::size_t longest) {
    script instructions;
    while (instructions.size() < longest && !bytes_.empty()) {
      const std::uint8_t byte = next();
      if (byte >= end) break;
      const auto what = static_cast<action>(byte % static_cast<unsigned>(action::count));
      instruction made{what, next(), {}, {}};
      const bool has_block = what >= action::first_block || what == action::gather;
      if (has_block && depth == deepest) continue;
      if (has_block) made.block = block(depth + 1, longest_block);
      if (what == action::gather) made.other = block(depth + 1, longest_block);
      instructions.push_back(std::move(made));
    }
    return instructions;
  }

  [[nodiscard]] std::uint8_t next() noexcept {
    if (bytes_.empty()) return end;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }

  std::span<const std::uint8_t> bytes_;
};

inline void print(const script& instructions, std::string& text, int depth) {
  for (const auto& each : instructions) {
    text.append(static_cast<std::size_t>(2 * depth), ' ');
    text += action_names[static_cast<std::size_t>(each.what)];
    text += ' ' + std::to_string(each.argument) + '\n';
    print(each.block, text, depth + 1);
    if (!each.other.empty()) text += std::string(static_cast<std::size_t>(2 * depth), ' ') + "and\n";
    print(each.other, text, depth + 1);
  }
}

}  // namespace detail

[[nodiscard]] inline program parse(std::span<const std::uint8_t> bytes) { return detail::reader(bytes).read(); }

/// For those who look into a failure.
[[nodiscard]] inline std::string print(const program& shown) {
  std::string text;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    text += "script " + std::to_string(i) + ":\n";
    detail::print(shown[i], text, 1);
  }
  return text;
}

}  // namespace charkha::fuzz
