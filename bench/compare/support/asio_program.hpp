// SPDX-License-Identifier: Apache-2.0
// What the programs for Asio share: a loop run by WORKERS threads, and what Asio leaves to its users: a join of many
// coroutines, a yield, a sleep. These are the usual idioms.
#pragma once

#include <array>
#include <asio.hpp>
#include <asio/experimental/concurrent_channel.hpp>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "program.hpp"

namespace compare {

using asio::awaitable;
using asio::detached;
using asio::use_awaitable;

inline std::optional<asio::io_context> loop;  // made by run()

/// A channel that many threads may use.
template <class T>
using channel = asio::experimental::concurrent_channel<asio::io_context::executor_type, void(asio::error_code, T)>;

/// Counts coroutines down; the last one ends the wait.
class wait_group {
 public:
  explicit wait_group(std::size_t count) : state_(std::make_shared<state>(count)) {}
  void start(awaitable<void> work) const { asio::co_spawn(*loop, counted(state_, std::move(work)), detached); }
  [[nodiscard]] awaitable<void> wait() const { return waited(state_); }

 private:
  struct state {
    explicit state(std::size_t count) : left(count) {}
    std::atomic<std::size_t> left;
    channel<int> last{loop->get_executor(), 1};
  };
  static awaitable<void> counted(std::shared_ptr<state> mine, awaitable<void> work) {
    co_await std::move(work);
    if (mine->left.fetch_sub(1) == 1) mine->last.try_send(asio::error_code{}, 0);
  }
  static awaitable<void> waited(std::shared_ptr<state> mine) { co_await mine->last.async_receive(use_awaitable); }
  std::shared_ptr<state> state_;
};

/// Runs work(0) to work(count - 1), each as a coroutine of its own, and waits for all.
template <class Work>
awaitable<void> parallel(std::size_t count, Work work) {
  const wait_group group(count);
  for (std::size_t i = 0; i < count; ++i) group.start(work(i));
  co_await group.wait();
}

/// To the end of the loop's queue.
inline awaitable<void> yield() { return asio::post(*loop, use_awaitable); }

inline awaitable<void> sleep(std::chrono::steady_clock::duration time) {
  asio::steady_timer timer(*loop, time);
  co_await timer.async_wait(use_awaitable);
}

/// Lets `threads` threads run the loop for as long as it has work, the calling one among them.
inline void run_loop(unsigned threads) {
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back([] { loop->run(); });
  loop->run();
  for (auto& thread : others) thread.join();
}

/// Runs main(args) to its end, and ends the process: what is still pending then is not part of the measurement.
template <class Main>
int run(int argc, char** argv, Main main) {
  const auto args = parse(argc, argv);
  loop.emplace(static_cast<int>(args.workers));
  asio::co_spawn(*loop, main(args), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
    std::fflush(stdout);
    std::_Exit(0);
  });
  run_loop(args.workers);
  return 1;
}

}  // namespace compare
