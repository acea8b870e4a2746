// SPDX-License-Identifier: Apache-2.0
// examples/connection_pool.cpp
// Twelve requests share three connections: a semaphore lets three in at a time, first come, first served.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <vector>

#include <charkha/charkha.hpp>

using namespace std::chrono_literals;

constexpr int pool_size = 3;

struct pool {
  charkha::semaphore free{pool_size};
  std::atomic<int> in_use{0};
  std::atomic<int> most{0};
};

charkha::coro<> request(pool& connections, int number) {
  const auto connection = co_await connections.free.hold();  // given back at the end of the scope, also when cancelled
  const int now_in_use = ++connections.in_use;
  for (int seen = connections.most; seen < now_in_use && !connections.most.compare_exchange_weak(seen, now_in_use);) {
  }
  co_await charkha::sleep(20ms);  // the query
  std::printf("request %2d answered\n", number);
  --connections.in_use;
}

charkha::coro<int> async_main() {
  pool connections;
  std::vector<charkha::task<>> requests;
  for (int i = 1; i <= 12; ++i) requests.push_back(charkha::create_task(request(connections, i)));
  co_await charkha::gather(requests);
  co_return connections.most;
}

int main() {
  const int most = charkha::run(async_main(), {.workers = 4});
  std::printf("never more than %d connections at a time\n", most);
  return most <= pool_size ? 0 : 1;
}
