// SPDX-License-Identifier: Apache-2.0
// A user's program, as small as one that exercises tasks, threads and timers can be.
#include <charkha/charkha.hpp>

#include <chrono>
#include <iostream>

charkha::coro<int> three() {
  co_await charkha::sleep(std::chrono::milliseconds(1));
  co_return 3;
}

charkha::coro<int> async_main() {
  auto task = charkha::create_task(three());
  const int value = co_await task;
  co_return value;
}

int main() {
  const int value = charkha::run(async_main(), {.workers = 2});
  std::cout << "consumer got " << value << '\n';
}
