// SPDX-License-Identifier: Apache-2.0
// examples/fill_once.cpp
// A cache that is filled once, however many ask at the same time: the first one fetches, the others wait for it.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <charkha/charkha.hpp>

using namespace std::chrono_literals;

class cache {
 public:
  charkha::coro<std::string> get(std::string key) {
    const auto held = co_await lock_.hold();  // across the fetch: who asks meanwhile finds the entry
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      auto value = co_await fetch(key);
      found = entries_.emplace(key, value).first;
    }
    co_return found->second;
  }
  [[nodiscard]] int fetches() const { return fetches_; }

 private:
  charkha::coro<std::string> fetch(std::string key) {
    ++fetches_;
    co_await charkha::sleep(10ms);  // far away
    co_return "value of " + key;
  }

  charkha::lock lock_;
  std::map<std::string, std::string> entries_;
  std::atomic<int> fetches_{0};
};

charkha::coro<bool> async_main() {
  cache shared;
  std::vector<charkha::task<std::string>> askers;
  for (int i = 0; i < 100; ++i) {
    const std::string key = i % 2 == 0 ? "a" : "b";
    askers.push_back(charkha::create_task(shared.get(key)));
  }
  const auto values = co_await charkha::gather(askers);
  bool right = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    right = right && values[i] == (i % 2 == 0 ? "value of a" : "value of b");
  }
  std::printf("%zu asked, %d fetches\n", values.size(), shared.fetches());
  co_return right&& shared.fetches() == 2;
}

int main() {
  const bool worked = charkha::run(async_main(), {.workers = 4});
  return worked ? 0 : 1;
}
