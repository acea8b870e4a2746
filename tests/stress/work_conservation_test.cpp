// SPDX-License-Identifier: Apache-2.0
// Work does not wait while a worker is idle: as many tasks as there are workers all run at the same time.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "charkha/charkha.hpp"

namespace {

/// Blocks its worker until all others have arrived too: that is possible only if each has a worker of its own.
charkha::coro<> meet(std::atomic<int>& arrived, int expected) {
  arrived.fetch_add(1);
  while (arrived.load() < expected) std::this_thread::yield();
  co_return;
}

charkha::coro<> meet_all(int workers, std::atomic<int>& arrived) {
  std::vector<charkha::coro<>> tasks;
  for (int i = 0; i < workers; ++i) tasks.push_back(meet(arrived, workers));
  co_await charkha::gather(std::move(tasks));
}

charkha::coro<> meet_forked(int workers, std::atomic<int>& arrived) {
  std::vector<charkha::coro<>> tasks;
  for (int i = 0; i < workers; ++i) tasks.push_back(meet(arrived, workers));
  co_await charkha::when_all(std::move(tasks));
}

charkha::coro<> rest() { co_await charkha::sleep(std::chrono::milliseconds(1)); }

}  // namespace

TEST_CASE("N tasks on N workers all run at once, from idle, again and again") {
  for (const int workers : {2, 4, 8}) {
    charkha::runtime rt{{.workers = workers}};
    for (int round = 0; round < 100; ++round) {
      std::atomic<int> arrived = 0;
      rt.spawn(meet_all(workers, arrived)).get();
      CHECK(arrived == workers);
      if (round % 10 == 0) rt.spawn(rest()).get();  // everybody parks
    }
  }
}

TEST_CASE("N forked children on N workers all run at once") {
  for (const int workers : {2, 4, 8}) {
    charkha::runtime rt{{.workers = workers}};
    for (int round = 0; round < 100; ++round) {
      std::atomic<int> arrived = 0;
      rt.spawn(meet_forked(workers, arrived)).get();
      CHECK(arrived == workers);
    }
  }
}

TEST_CASE("N tasks from outside on N workers all run at once") {
  for (const int workers : {2, 4, 8}) {
    charkha::runtime rt{{.workers = workers}};
    for (int round = 0; round < 100; ++round) {
      std::atomic<int> arrived = 0;
      std::vector<charkha::task<>> tasks;
      for (int i = 0; i < workers; ++i) tasks.push_back(rt.spawn(meet(arrived, workers)));
      for (const auto& each : tasks) each.get();
      CHECK(arrived == workers);
    }
  }
}

TEST_CASE("no submission to an idle runtime is lost") {
  for (const int workers : {1, 2, 8}) {
    charkha::runtime rt{{.workers = workers}};
    int done = 0;
    auto one = []() -> charkha::coro<int> { co_return 1; };
    for (int i = 0; i < 5'000; ++i) done += rt.spawn(one()).get();
    CHECK(done == 5'000);
  }
}

TEST_CASE("a timer fires while another worker is inside a long step") {
  charkha::runtime rt{{.workers = 2}};
  std::atomic<bool> fired = false;
  auto sleeper = [&fired]() -> charkha::coro<> {
    co_await charkha::sleep(std::chrono::milliseconds(2));
    fired = true;
  };
  // Arms the timer on its own worker, then keeps that worker until the timer has fired elsewhere.
  auto hog = [&]() -> charkha::coro<> {
    auto other = charkha::create_task(sleeper);
    co_await charkha::yield();
    while (!fired) std::this_thread::yield();
    co_await other;
  };
  for (int round = 0; round < 50; ++round) {
    fired = false;
    rt.spawn(hog).get();
    CHECK(fired);
  }
}
