// SPDX-License-Identifier: Apache-2.0
// docs/coming-from-asyncio.md: what one thread gave for nothing, and how to have it back.
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <charkha/charkha.hpp>

#include "expect.hpp"

// [strand]
struct account {
  long balance = 0;
};

charkha::coro<> deposit(account& to, long amount) {
  const long before = to.balance;
  to.balance = before + amount;  // no await between the two lines: no other task of the strand runs there
  co_await charkha::yield();     // here another one may
}

charkha::coro<> on_a_strand() {
  account savings;
  charkha::strand one_at_a_time;
  std::vector<charkha::task<>> deposits;
  for (int i = 0; i < 1000; ++i) deposits.push_back(one_at_a_time.create_task(deposit(savings, 1)));
  co_await charkha::gather(deposits);
  expect(savings.balance == 1000);  // with charkha::create_task in its place: a data race
}
// [end]

charkha::coro<> on_one_worker() {
  account savings;
  std::vector<charkha::task<>> deposits;
  for (int i = 0; i < 1000; ++i) deposits.push_back(charkha::create_task(deposit(savings, 1)));
  co_await charkha::gather(deposits);
  expect(savings.balance == 1000);
}

// [mutex]
class page_counter {
 public:
  void add(const std::string& page) {
    const std::lock_guard guard(mutex_);  // a thread's mutex: short, and never across a co_await
    ++hits_[page];
  }
  int hits(const std::string& page) {
    const std::lock_guard guard(mutex_);
    return hits_[page];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> hits_;
};
// [end]

charkha::coro<> visit(page_counter& counter) {
  counter.add("/");
  co_return;
}

charkha::coro<> with_a_mutex() {
  page_counter counter;
  std::vector<charkha::task<>> visits;
  for (int i = 0; i < 100; ++i) visits.push_back(charkha::create_task(visit(counter)));
  co_await charkha::gather(visits);
  expect(counter.hits("/") == 100);
}

// [lock]
charkha::coro<> refill(charkha::lock& lock, int& level) {
  const auto held = co_await lock.hold();  // async with lock:
  const int before = level;
  co_await charkha::yield();  // tasks may wait while they hold it
  level = before + 1;
}  // released here, also by an error or a cancellation
// [end]

charkha::coro<> with_a_lock() {
  charkha::lock lock;
  int level = 0;
  std::vector<charkha::task<>> refills;
  for (int i = 0; i < 100; ++i) refills.push_back(charkha::create_task(refill(lock, level)));
  co_await charkha::gather(refills);
  expect(level == 100);
}

charkha::coro<> async_main() {
  co_await on_a_strand();
  co_await with_a_mutex();
  co_await with_a_lock();
}

int main() {
  charkha::run(async_main(), {.workers = 4});
  // [one-worker]
  charkha::run(on_one_worker(), {.workers = 1});  // asyncio, order of events included
  // [end]
}
