// SPDX-License-Identifier: Apache-2.0
// examples/timeouts.cpp
// A deadline for a call, one that moves while data arrives, and one that is optional.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include <charkha/charkha.hpp>

using namespace std::chrono_literals;

// A server that answers after a while.
charkha::coro<std::string> ask(std::chrono::milliseconds takes) {
  co_await charkha::sleep(takes);
  co_return "answer";
}

// The next piece of a stream.
charkha::coro<> next_piece() { co_await charkha::sleep(20ms); }

charkha::coro<int> async_main() {
  int right = 0;

  // In time: its value. Too late: it is cancelled, and timeout_error comes out.
  const std::string answer = co_await charkha::timeout(10s, ask(10ms));
  if (answer == "answer") ++right;
  try {
    co_await charkha::timeout(10ms, ask(10s));
  } catch (const charkha::timeout_error& error) {
    std::printf("the call %s\n", error.what());
    ++right;
  }

  // Not more than 200 ms between two pieces; the whole stream may take longer.
  auto read_stream = [](charkha::timeout_scope& idle) -> charkha::coro<int> {
    int pieces = 0;
    for (; pieces < 12; ++pieces) {
      co_await next_piece();
      idle.reschedule(charkha::clock::now() + 200ms);
    }
    co_return pieces;
  };
  const int pieces = co_await charkha::timeout(200ms, read_stream);
  std::printf("%d pieces\n", pieces);
  if (pieces == 12) ++right;

  // A deadline that a caller may leave out.
  const std::optional<charkha::clock::time_point> no_deadline;
  const std::string unlimited = co_await charkha::timeout_at(no_deadline, ask(10ms));
  if (unlimited == "answer") ++right;
  co_return right;
}

int main() { return charkha::run(async_main()) == 4 ? EXIT_SUCCESS : EXIT_FAILURE; }
