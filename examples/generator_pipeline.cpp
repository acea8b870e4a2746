// SPDX-License-Identifier: Apache-2.0
// examples/generator_pipeline.cpp
// Three stages of asynchronous generators: readings come in one by one, are averaged, and are watched. Each stage runs
// only as far as the next one asks.
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <numeric>
#include <utility>

#include <charkha/charkha.hpp>

using namespace std::chrono_literals;

charkha::generator<double> readings() {
  for (int i = 0;; ++i) {
    co_await charkha::sleep(10ms);
    co_yield 20 + 5 * std::sin(i * 0.3) + (i % 2 == 0 ? 1 : -1);
  }
}

charkha::generator<double> averaged(charkha::generator<double> input, std::size_t window) {
  std::deque<double> last;
  while (auto* reading = co_await input.next()) {
    last.push_back(*reading);
    if (last.size() > window) last.pop_front();
    co_yield std::accumulate(last.begin(), last.end(), 0.0) / static_cast<double>(last.size());
  }
}

charkha::generator<double> above(charkha::generator<double> input, double limit) {
  while (auto* value = co_await input.next()) {
    if (*value > limit) co_yield std::move(*value);
  }
}

charkha::coro<int> watch() {
  auto alarms = above(averaged(readings(), 4), 24.0);
  int count = 0;
  while (auto* value = co_await alarms.next()) {
    std::printf("alarm: %.2f degrees\n", *value);
    if (++count == 5) break;  // the pipeline has no end of its own: it is destroyed with this scope
  }
  co_return count;
}

int main() {
  const int alarms = charkha::run(watch());
  return alarms == 5 ? 0 : 1;
}
