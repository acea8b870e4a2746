// SPDX-License-Identifier: Apache-2.0
// examples/tutorial_together.cpp
// Three tasks sleep for 3 s each. They sleep at the same time: all is done after 3 s, not 9.
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

charkha::coro<> async_main() {
  auto sleep_three = charkha::create_task(delay(3s));
  auto sleep_again = charkha::create_task(delay(3s));
  auto sleep_once_more = charkha::create_task(delay(3s));
  co_await sleep_three;
  co_await sleep_again;
  co_await sleep_once_more;
  say("all three have finished");
}

int main(int argc, char** argv) {
  const std::string number = argc == 3 && argv[1] == std::string("--workers") ? argv[2] : "";
  const long workers = std::strtol(number.c_str(), nullptr, 10);  // 0: one for each processor
  if (argc > 1 && (std::to_string(workers) != number || workers < 1 || workers > 1024)) {
    std::fputs("usage: tutorial_together [--workers N], N from 1 to 1024\n", stderr);
    return 2;
  }
  charkha::run(async_main(), {.workers = static_cast<int>(workers)});
}
