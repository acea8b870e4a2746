// SPDX-License-Identifier: Apache-2.0
// Runs one test case of this program in a process of its own: for what ends a process, or cannot be undone in one. Such a
// test case is marked `doctest::skip()`, so that it runs in no other way.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

namespace charkha::test {

struct child_end {
  int status = -1;     ///< as waitpid() gives it
  std::string output;  ///< what it wrote to stdout and stderr

  [[nodiscard]] bool passed() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
  [[nodiscard]] bool killed_by(int signal) const { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }
  [[nodiscard]] bool says(const std::string& text) const { return output.find(text) != std::string::npos; }
};

inline child_end run_in_child(const std::string& test_case) {
  child_end end;
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::string program = "/proc/self/exe", all = "--no-skip", which = "--test-case=" + test_case;
  std::array<char*, 4> arguments{program.data(), all.data(), which.data(), nullptr};
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::array<char, 4096> piece{};
  for (ssize_t length = 0; (length = read(ends[0], piece.data(), piece.size())) > 0;) {
    end.output.append(piece.data(), static_cast<std::size_t>(length));
  }
  close(ends[0]);
  REQUIRE(waitpid(child, &end.status, 0) == child);
  return end;
}

}  // namespace charkha::test
