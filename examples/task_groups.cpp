// SPDX-License-Identifier: Apache-2.0
// examples/task_groups.cpp
// Tasks that end together: all succeed, one fails and the others are cancelled, the first answer is enough.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <charkha/charkha.hpp>

using namespace std::chrono_literals;

charkha::coro<int> fetch(std::string name, std::chrono::milliseconds takes) {
  co_await charkha::sleep(takes);
  if (name == "broken") throw std::runtime_error("broken: no such host");
  co_return static_cast<int>(name.size());
}

charkha::coro<int> async_main() {
  int right = 0;

  // The group ends when all of its tasks have. Their handles give the values.
  auto sum = [](charkha::task_group& group) -> charkha::coro<int> {
    auto users = group.create_task(fetch("users", 20ms));
    auto orders = group.create_task(fetch, "orders", 10ms);  // the arguments live in the task
    const int first = co_await users;
    const int second = co_await orders;
    co_return first + second;
  };
  const int total = co_await charkha::with_task_group(sum);
  std::printf("%d letters\n", total);
  if (total == 11) ++right;

  // The first error cancels the others; the errors come out together.
  auto with_error = [](charkha::task_group& group) -> charkha::coro<> {
    group.create_task(fetch("patient", 1h));
    group.create_task(fetch("broken", 10ms));
    co_return;
  };
  try {
    co_await charkha::with_task_group(with_error);
  } catch (const charkha::exception_group& errors) {
    std::printf("%s\n", errors.what());
    right += static_cast<int>(errors.errors().size());
  }

  // Whoever has an answer stops the group: no error.
  int winner = 0;
  auto race = [&winner](charkha::task_group& group) -> charkha::coro<> {
    auto contender = [&winner, &group](std::chrono::milliseconds takes) -> charkha::coro<> {
      winner = co_await fetch("fast", takes);
      group.cancel();
    };
    group.create_task(contender(1h));
    co_await contender(10ms);
  };
  co_await charkha::with_task_group(race);
  if (winner == 4) ++right;
  co_return right;
}

int main() { return charkha::run(async_main()) == 3 ? EXIT_SUCCESS : EXIT_FAILURE; }
