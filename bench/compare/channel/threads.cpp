// SPDX-License-Identifier: Apache-2.0
// SIZE messages from 4 threads through one deque of 1,024 places behind a mutex and two condition variables to 4
// threads; with the variant "one" to one.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "../support/program.hpp"

namespace {

class bounded_queue {
 public:
  void push(std::uint64_t message) {
    std::unique_lock lock(mutex_);
    has_place_.wait(lock, [this] { return messages_.size() < 1024; });
    messages_.push_back(message);
    lock.unlock();
    has_message_.notify_one();
  }
  std::uint64_t pop() {
    std::unique_lock lock(mutex_);
    has_message_.wait(lock, [this] { return !messages_.empty(); });
    const auto message = messages_.front();
    messages_.pop_front();
    lock.unlock();
    has_place_.notify_one();
    return message;
  }

 private:
  std::mutex mutex_;
  std::condition_variable has_place_, has_message_;
  std::deque<std::uint64_t> messages_;
};

}  // namespace

int main(int argc, char** argv) {
  constexpr std::uint64_t producers = 4;
  const auto args = compare::parse(argc, argv);
  const std::uint64_t consumers = args.variant == "one" ? 1 : 4;
  const std::uint64_t each = args.size / producers, all = each * producers;
  bounded_queue queue;
  std::atomic<std::uint64_t> sum{0};
  const compare::stopwatch watch;
  std::vector<std::thread> threads;
  for (std::uint64_t first = 0; first < all; first += each) {
    threads.emplace_back([&, first] {
      for (std::uint64_t i = 0; i < each; ++i) queue.push(first + i);
    });
  }
  for (std::uint64_t consumer = 0; consumer < consumers; ++consumer) {
    threads.emplace_back([&] {
      std::uint64_t mine = 0;
      for (std::uint64_t i = 0; i < all / consumers; ++i) mine += queue.pop();
      sum += mine;
    });
  }
  for (auto& thread : threads) thread.join();
  compare::report(all, watch.seconds());
  compare::require(sum == all * (all - 1) / 2, "sum");
}
