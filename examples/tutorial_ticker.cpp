// SPDX-License-Identifier: Apache-2.0
// examples/tutorial_ticker.cpp
// Two tasks sleep for 3 s; meanwhile another coroutine prints a line each second.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <charkha/charkha.hpp>

using namespace std::chrono_literals;

// A line with the time since the first one. printf, since it keeps a line whole when two workers print at once.
void say(const std::string& line) {
  static const auto start = charkha::clock::now();
  const std::chrono::duration<double> passed = charkha::clock::now() - start;
  std::printf("[%.1f s] %s\n", passed.count(), line.c_str());
  std::fflush(stdout);
}

charkha::coro<int> delay(std::chrono::seconds time) {
  say("sleeping for " + std::to_string(time.count()) + " s");
  co_await charkha::sleep(time);
  say("finished sleeping for " + std::to_string(time.count()) + " s");
  co_return static_cast<int>(time.count());
}

charkha::coro<> tick() {
  for (int second = 0; second < 2; ++second) {
    co_await charkha::sleep(1s);
    say("while I wait, other code runs");
  }
}

charkha::coro<> async_main() {
  auto first = charkha::create_task(delay(3s));
  auto second = charkha::create_task(delay(3s));
  co_await tick();
  co_await first;
  co_await second;
}

int main(int argc, char** argv) {
  const std::string number = argc == 3 && argv[1] == std::string("--workers") ? argv[2] : "";
  const long workers = std::strtol(number.c_str(), nullptr, 10);  // 0: one for each processor
  if (argc > 1 && (std::to_string(workers) != number || workers < 1 || workers > 1024)) {
    std::fputs("usage: tutorial_ticker [--workers N], N from 1 to 1024\n", stderr);
    return 2;
  }
  charkha::run(async_main(), {.workers = static_cast<int>(workers)});
}
