// SPDX-License-Identifier: Apache-2.0
// examples/pipeline.cpp
// Three stages with a short queue between each two: a fast stage waits for a slow one instead of filling the memory.
// The end travels through the queues, too: each stage shuts down the one behind it.
#include <atomic>
#include <cstdio>
#include <string>
#include <tuple>
#include <utility>

#include <charkha/charkha.hpp>

constexpr int lines = 1000;

charkha::coro<> read(charkha::queue<std::string>& into) {
  for (int i = 1; i <= lines; ++i) {
    auto line = "line " + std::to_string(i);
    co_await into.put(std::move(line));  // waits while eight lines are waiting
  }
  into.shutdown();
}

charkha::coro<> parse(charkha::queue<std::string>& from, charkha::queue<int>& into, std::atomic<int>& running) {
  try {
    for (;;) {
      const auto line = co_await from.get();
      const int number = std::stoi(line.substr(5));
      co_await into.put(number);
    }
  } catch (const charkha::queue_shutdown&) {  // nothing more will come
    if (--running == 0) into.shutdown();
  }
}

charkha::coro<long> sum(charkha::queue<int>& from) {
  long total = 0;
  try {
    for (;;) {
      const int number = co_await from.get();
      total += number;
    }
  } catch (const charkha::queue_shutdown&) {
    co_return total;
  }
}

charkha::coro<long> async_main() {
  charkha::queue<std::string> text(8);
  charkha::queue<int> numbers(8);
  std::atomic<int> parsers{2};
  const auto results =
      co_await charkha::gather(read(text), parse(text, numbers, parsers), parse(text, numbers, parsers), sum(numbers));
  co_return std::get<3>(results);
}

int main() {
  const long total = charkha::run(async_main(), {.workers = 4});
  std::printf("the sum of %d lines is %ld\n", lines, total);
  return total == lines * (lines + 1L) / 2 ? 0 : 1;
}
