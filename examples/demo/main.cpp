// SPDX-License-Identifier: Apache-2.0
// What charkha does, in a quarter of a minute: the tutorial beside asyncio, a million sleepers, a divided sum.
//
//   demo [--quick]    exit code 0: everything that was shown was also checked, and holds. --quick: smaller, for tests
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include "fork_join.hpp"
#include "sleepers.hpp"
#include "terminal.hpp"
#include "tutorial.hpp"

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  const bool quick = argc == 2 && argv[1] == std::string("--quick");
  if (argc > 1 && !quick) {
    std::fputs("usage: demo [--quick]\n", stderr);
    return 2;
  }
  try {
    demo::terminal out;
    bool good = demo::show_tutorial(out, quick);
    good = demo::show_sleepers(out, quick ? 20'000 : 1'000'000, quick ? 500ms : 3000ms) && good;
    good = demo::show_fork_join(out, quick ? 5'000'000 : 300'000'000) && good;
    out.line(good ? "\nEverything shown was checked, and holds." : "\nSomething does not hold: see FAILED above.");
    return good ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "demo: %s\n", error.what());
    return 1;
  }
}
