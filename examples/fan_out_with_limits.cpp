// SPDX-License-Identifier: Apache-2.0
// examples/fan_out_with_limits.cpp
// One request becomes twenty calls to other services: four at a time, all within a deadline, and the first error ends
// them all.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <vector>

#include <charkha/charkha.hpp>

using namespace std::chrono_literals;

struct backend {
  charkha::semaphore places{4};
  std::atomic<int> inside = 0;
  std::atomic<bool> crowded = false;

  charkha::coro<int> call(int number) {
    const auto place = co_await places.hold();  // first come, first served; given back in any case
    if (++inside > 4) crowded = true;
    co_await charkha::sleep(5ms);  // the call
    --inside;
    co_return number* number;
  }
};

charkha::coro<long> squares(backend& service, int count) {
  auto fan_out = [&service, count](charkha::task_group& group) -> charkha::coro<std::vector<charkha::task<int>>> {
    std::vector<charkha::task<int>> calls;
    for (int i = 1; i <= count; ++i) calls.push_back(group.create_task(service.call(i)));
    co_return calls;
  };
  const auto calls = co_await charkha::timeout(10s, charkha::with_task_group(fan_out));  // all have ended
  co_return std::accumulate(calls.begin(), calls.end(), 0L,
                            [](long sum, const charkha::task<int>& call) { return sum + call.result(); });
}

int main() {
  backend service;
  const long sum = charkha::run(squares(service, 20), {.workers = 4});
  std::printf("the sum of twenty squares is %ld\n", sum);
  return sum == 2870 && !service.crowded ? 0 : 1;
}
