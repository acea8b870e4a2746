// SPDX-License-Identifier: Apache-2.0
// The pool for blocking functions, without a runtime: when threads are started, what the limit does, how they end, and
// what happens when none can be started.
#include "thread_pool.hpp"

#include <doctest/doctest.h>

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "charkha/to_thread.hpp"
#include "support/tracked.hpp"
#include "thread_waiter.hpp"
#include "time_source.hpp"

using charkha::detail::blocking_job;
using charkha::detail::function_job;
using charkha::detail::intrusive_ptr;
using charkha::detail::parker;
using charkha::detail::thread_pool;
using charkha::detail::thread_pool_config;
using charkha::detail::thread_waiter;
using charkha::test::tracked;
using namespace std::chrono_literals;

namespace {

std::int64_t from_now(std::chrono::nanoseconds time) {
  return charkha::detail::steady_time_source().now() + time.count();
}

using job_type = function_job<std::function<void()>>;

/// A function of a test on its way through a pool.
class call {
 public:
  explicit call(std::function<void()> function)
      : job_(intrusive_ptr<job_type>::adopt(*new job_type(std::in_place, std::move(function)))) {}
  [[nodiscard]] job_type& job() const { return *job_; }
  /// Until it was delivered.
  void wait() const {
    thread_waiter here;
    static_cast<void>(here.wait(job_->waiters, parker::never));
  }
  [[nodiscard]] bool delivered() const { return job_->waiters.is_closed(); }

 private:
  intrusive_ptr<job_type> job_;
};

/// A pool that is shut down at the end of its scope; all its threads must end then.
class pool_scope {
 public:
  explicit pool_scope(thread_pool_config config) : pool_(std::make_shared<thread_pool>(std::move(config))) {}
  ~pool_scope() { CHECK(pool_->shut_down(from_now(60s)) == 0); }
  pool_scope(const pool_scope&) = delete;
  pool_scope& operator=(const pool_scope&) = delete;
  thread_pool* operator->() const { return pool_.get(); }

  call submit(std::function<void()> function) const {
    call made(std::move(function));
    REQUIRE(pool_->submit(made.job()));
    return made;
  }

 private:
  std::shared_ptr<thread_pool> pool_;
};

/// Never acts because time has passed: what it does then follows from the calls alone.
thread_pool_config timeless(int limit, int unblocked) {
  thread_pool_config config;
  config.limit = limit;
  config.unblocked = unblocked;
  config.idle_timeout = 1h;
  config.watch_period = 1h;
  return config;
}

/// Keeps the threads back that are to be started, until the test lets them go.
class held_starts {
 public:
  [[nodiscard]] charkha::detail::thread_starter starter() {
    return [this](std::function<void()> body) {
      auto gate = std::make_shared<std::binary_semaphore>(0);
      const std::lock_guard guard(mutex_);
      gates_.push_back(gate);
      return std::thread([gate, body = std::move(body)] {
        gate->acquire();
        body();
      });
    };
  }
  void let_go(std::size_t index) {
    while (count() <= index) std::this_thread::yield();
    const std::lock_guard guard(mutex_);
    gates_[index]->release();
  }
  [[nodiscard]] std::size_t count() {
    const std::lock_guard guard(mutex_);
    return gates_.size();
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<std::binary_semaphore>> gates_;
};

std::thread cannot_start(const std::function<void()>& /*body*/) {
  throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again), "planted");
}

template <class Condition>
void until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

}  // namespace

TEST_CASE("a pool starts no thread before there is work, and ends without ever having had any") {
  const pool_scope pool(timeless(4, 2));
  CHECK(pool->threads() == 0);
  CHECK(pool->started() == 0);
}

TEST_CASE("limits that make no sense are refused") {
  CHECK_THROWS_AS(thread_pool({.limit = 0}), std::invalid_argument);
  CHECK_THROWS_AS(thread_pool({.limit = -1}), std::invalid_argument);
  CHECK_THROWS_AS(thread_pool({.idle_timeout = -1ns}), std::invalid_argument);
}

TEST_CASE("one call after the other is made by the same thread, named after the runtime") {
  auto config = timeless(8, 4);
  config.name = "a-long-runtime-name";
  const pool_scope pool(config);
  std::thread::id first;
  for (int i = 0; i < 100; ++i) {
    std::thread::id here;
    std::string name;
    const auto made = pool.submit([&] {
      here = std::this_thread::get_id();
      char text[16] = {};
      pthread_getname_np(pthread_self(), text, sizeof text);
      name = text;
    });
    made.wait();
    if (i == 0) first = here;
    CHECK(here == first);
    CHECK(name == "a-long-runti-b0");
    // Delivered is a little earlier than ready for the next.
    until([&] { return pool->resting() == 1; });
  }
  CHECK(pool->started() == 1);
}

TEST_CASE("N functions that wait for each other all run, without the help of time") {
  for (const int count : {1, 2, 3, 17, 64}) {
    for (const int unblocked : {1, 2, 100}) {
      CAPTURE(count);
      CAPTURE(unblocked);
      const pool_scope pool(timeless(count, unblocked));
      std::atomic<int> inside{0};
      std::vector<call> calls;
      for (int i = 0; i < count; ++i) {
        calls.push_back(pool.submit([&] {
          ++inside;
          while (inside < count) std::this_thread::yield();
        }));
      }
      for (const auto& each : calls) each.wait();
      CHECK(inside == count);
      CHECK(pool->started() == static_cast<std::size_t>(count));
    }
  }
}

TEST_CASE("threads that rest are woken for functions that wait for each other") {
  auto config = timeless(12, 2);
  config.watch_period = 10us;
  const pool_scope pool(config);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> inside{0};
    std::vector<call> calls;
    for (int i = 0; i < 12; ++i) {
      calls.push_back(pool.submit([&] {
        ++inside;
        while (inside < 12) std::this_thread::yield();
      }));
    }
    for (const auto& each : calls) each.wait();
    CHECK(inside == 12);
  }
  CHECK(pool->started() == 12);
}

TEST_CASE("while others take jobs a new thread only watches; it helps when they are blocked") {
  for (const bool by_time : {false, true}) {
    CAPTURE(by_time);
    held_starts starts;
    auto config = timeless(8, 1);
    config.start = starts.starter();
    if (by_time) config.watch_period = 1us;
    const pool_scope pool(config);
    std::binary_semaphore first{0}, blocked{0};
    std::atomic<bool> inside{false};
    std::vector<call> calls;
    calls.push_back(pool.submit([&] { first.acquire(); }));
    starts.let_go(0);
    until([&] { return pool->threads() == 1 && starts.count() == 1; });
    for (int i = 0; i < 3; ++i) calls.push_back(pool.submit([] {}));
    until([&] { return starts.count() == 2; });
    calls.push_back(pool.submit([&] {
      inside = true;
      blocked.acquire();
    }));
    const call last = pool.submit([] {});
    // The first thread goes on from job to job while the second is being started.
    first.release();
    until([&] { return inside.load(); });
    starts.let_go(1);
    if (by_time) {
      // Nobody else takes a job any more: the second looks again and takes it.
      last.wait();
      CHECK_FALSE(calls.back().delivered());
      blocked.release();
    } else {
      until([&] { return pool->watching(); });
      CHECK_FALSE(last.delivered());
      blocked.release();
      last.wait();
    }
    for (const auto& each : calls) each.wait();
    CHECK(pool->started() == 2);
    CHECK(starts.count() == 2);
  }
}

TEST_CASE("a scout that watches is called when a processor becomes free") {
  held_starts starts;
  auto config = timeless(8, 1);
  config.start = starts.starter();
  const pool_scope pool(config);
  std::binary_semaphore first{0}, second{0};
  std::atomic<bool> inside{false};
  const auto one = pool.submit([&] { first.acquire(); });
  starts.let_go(0);
  const auto two = pool.submit([&] {
    inside = true;
    second.acquire();
  });
  until([&] { return starts.count() == 2; });
  first.release();
  until([&] { return inside.load(); });
  const auto three = pool.submit([] {});
  starts.let_go(1);
  until([&] { return pool->watching(); });
  second.release();
  three.wait();
  until([&] { return pool->resting() == 1; });
  CHECK(pool->watching());  // for an hour, but for the next call
  std::binary_semaphore third{0};
  const auto four = pool.submit([&] { third.acquire(); });
  until([&] { return !pool->watching(); });
  third.release();
  four.wait();
  CHECK(pool->started() == 2);
  one.wait();
  two.wait();
}

TEST_CASE("no more threads than the limit; what comes beyond waits and is done in order") {
  const pool_scope pool(timeless(3, 2));
  std::atomic<int> inside{0};
  std::binary_semaphore gates[3] = {std::binary_semaphore{0}, std::binary_semaphore{0}, std::binary_semaphore{0}};
  std::vector<call> calls;
  for (auto& gate : gates) {
    calls.push_back(pool.submit([&] {
      ++inside;
      gate.acquire();
    }));
  }
  until([&] { return inside == 3; });
  std::mutex mutex;
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(pool.submit([&, i] {
      const std::lock_guard guard(mutex);
      order.push_back(i);
    }));
  }
  CHECK(pool->threads() == 3);
  gates[0].release();  // one thread alone empties the queue
  calls.back().wait();
  CHECK(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(pool->threads() == 3);
  CHECK(pool->started() == 3);
  gates[1].release();
  gates[2].release();
  for (const auto& each : calls) each.wait();
}

TEST_CASE("idle threads end after the idle time-out, and new ones are started when there is work again") {
  auto config = timeless(4, 4);
  config.idle_timeout = 1us;
  const pool_scope pool(config);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> inside{0};
    std::vector<call> calls;
    for (int i = 0; i < 4; ++i) {
      calls.push_back(pool.submit([&] {
        ++inside;
        while (inside < 4) std::this_thread::yield();
      }));
    }
    for (const auto& each : calls) each.wait();
    until([&] { return pool->threads() == 0; });
    CHECK(pool->started() >= 4U * (static_cast<unsigned>(round) + 1));
  }
}

TEST_CASE("a call that arrives as a thread ends is not lost") {
  for (const auto timeout : {0ns, 1000ns, 20'000ns}) {
    auto config = timeless(2, 1);
    config.idle_timeout = timeout;
    const pool_scope pool(config);
    int done = 0;
    for (int i = 0; i < 2'000; ++i) {
      const auto made = pool.submit([&] { ++done; });
      made.wait();
    }
    CHECK(done == 2'000);
  }
}

TEST_CASE("a thread that ends before its starter knows it counts against the limit no longer than that") {
  auto config = timeless(1, 1);
  config.idle_timeout = 0ns;
  std::function<void()> meanwhile;
  config.start = [&](std::function<void()> body) {
    std::thread thread(std::move(body));
    if (auto once = std::exchange(meanwhile, nullptr)) once();
    return thread;
  };
  const pool_scope pool(config);
  const call first([] {}), second([] {});
  meanwhile = [&] {
    first.wait();
    until([&] { return pool->ending() == 1; });
    CHECK(pool->submit(second.job()));
  };
  CHECK(pool->submit(first.job()));
  second.wait();
  CHECK(pool->started() == 2);
}

TEST_CASE("many threads submit at once: each function is called once") {
  auto config = timeless(16, 2);
  config.watch_period = 50us;
  config.idle_timeout = 50us;
  const pool_scope pool(config);
  std::atomic<int> sum{0};
  std::vector<std::thread> crowd;
  for (int t = 0; t < 4; ++t) {
    crowd.emplace_back([&] {
      std::vector<call> calls;
      for (int i = 0; i < 2'000; ++i) calls.push_back(pool.submit([&] { ++sum; }));
      for (const auto& each : calls) each.wait();
    });
  }
  for (auto& each : crowd) each.join();
  CHECK(sum == 8'000);
}

TEST_CASE("no thread can be started and there is none: the call fails with an explanation") {
  auto config = timeless(4, 2);
  config.start = cannot_start;
  const pool_scope pool(config);
  for (int i = 0; i < 3; ++i) {
    bool ran = false;
    const auto made = pool.submit([&] { ran = true; });
    made.wait();
    CHECK_FALSE(ran);
    CHECK_THROWS_AS(made.job().value.take(), std::system_error);
    try {
      made.job().value.take();
    } catch (const std::system_error& error) {
      CHECK(error.code() == std::errc::resource_unavailable_try_again);
      CHECK(std::string(error.what()).find("ulimit") != std::string::npos);
    }
  }
  CHECK(pool->threads() == 0);
}

TEST_CASE("calls of others that relied on the thread that could not be started fail, too") {
  std::atomic<bool> starting{false}, fail{false};
  auto config = timeless(4, 2);
  config.start = [&](const std::function<void()>& body) {
    starting = true;
    until([&] { return fail.load(); });
    return cannot_start(body);
  };
  const pool_scope pool(config);
  call first([] {}), second([] {});
  std::thread submitter([&] { CHECK(pool->submit(first.job())); });
  until([&] { return starting.load(); });
  CHECK(pool->submit(second.job()));
  fail = true;
  second.wait();
  first.wait();
  submitter.join();
  CHECK_THROWS_AS(first.job().value.take(), std::system_error);
  CHECK_THROWS_AS(second.job().value.take(), std::system_error);
}

TEST_CASE("a further thread cannot be started: the call waits for one of those that there are") {
  int starts = 0;
  auto config = timeless(4, 4);
  config.start = [&](std::function<void()> body) {
    return ++starts == 1 ? std::thread(std::move(body)) : cannot_start(body);
  };
  const pool_scope pool(config);
  std::binary_semaphore gate{0};
  std::atomic<bool> inside{false}, ran{false};
  const auto blocked = pool.submit([&] {
    inside = true;
    gate.acquire();
  });
  until([&] { return inside.load(); });
  const auto waits = pool.submit([&] { ran = true; });
  CHECK(starts == 2);
  CHECK_FALSE(waits.delivered());
  CHECK(pool->threads() == 1);
  gate.release();
  waits.wait();
  CHECK(ran);
  CHECK(waits.job().value.kind() == charkha::detail::outcome::value);
}

TEST_CASE("a job that is withdrawn before it began never runs; afterwards it is too late") {
  const pool_scope pool(timeless(1, 1));
  std::binary_semaphore gate{0};
  std::atomic<bool> inside{false};
  bool ran = false;
  const auto blocked = pool.submit([&] {
    inside = true;
    gate.acquire();
  });
  until([&] { return inside.load(); });
  const auto before = pool.submit([] {}), taken = pool.submit([&] { ran = true; }), behind = pool.submit([] {});
  CHECK(pool->withdraw(taken.job()));
  CHECK_FALSE(pool->withdraw(taken.job()));
  CHECK_FALSE(pool->withdraw(blocked.job()));
  gate.release();
  before.wait();
  behind.wait();
  CHECK_FALSE(ran);
  CHECK_FALSE(taken.delivered());
}

TEST_CASE("shutting down drops what has not begun, refuses what comes, and waits for what runs") {
  tracked::reset();
  {
    auto pool = std::make_shared<thread_pool>(timeless(1, 1));
    std::binary_semaphore gate{0};
    std::atomic<bool> inside{false}, ended{false};
    bool ran = false;
    const call running([&] {
      inside = true;
      gate.acquire();
      ended = true;
    });
    CHECK(pool->submit(running.job()));
    until([&] { return inside.load(); });
    {
      const call queued([&ran, held = tracked(1)] { ran = true; });
      CHECK(pool->submit(queued.job()));
    }
    CHECK(tracked::alive == 1);
    std::thread closer([&] { CHECK(pool->shut_down(from_now(60s)) == 0); });
    until([&] { return !pool->submit(call([&] { ran = true; }).job()); });
    until([&] { return pool->empty(); });
    gate.release();
    closer.join();
    CHECK(ended);
    CHECK(running.delivered());
    CHECK_FALSE(ran);
    CHECK(pool->threads() == 0);
  }
  CHECK(tracked::alive == 0);
}

TEST_CASE("a thread that is inside a function when the time is up is let go and delivers nothing") {
  std::binary_semaphore gate{0}, gone{0};
  auto pool = std::make_shared<thread_pool>(timeless(4, 4));
  std::weak_ptr<thread_pool> left = pool;
  std::atomic<int> inside{0};
  std::vector<call> calls;
  calls.emplace_back([&] { ++inside; });  // its thread rests when the end comes
  for (int i = 0; i < 2; ++i) {
    calls.emplace_back([&] {
      ++inside;
      gate.acquire();
    });
  }
  for (const auto& each : calls) CHECK(pool->submit(each.job()));
  until([&] { return inside == 3; });
  calls[0].wait();
  CHECK(pool->shut_down(0) == 2);
  gate.release(1);
  gate.release(1);
  pool.reset();
  until([&] { return left.expired(); });  // the last of the two threads has freed the pool
  CHECK_FALSE(calls[1].delivered());
  CHECK_FALSE(calls[2].delivered());
}

TEST_CASE("submitting races shutting down: each call is made, dropped or refused") {
  for (int round = 0; round < 30; ++round) {
    tracked::reset();
    auto pool = std::make_shared<thread_pool>(timeless(3, 2));
    std::atomic<int> ran{0};
    int taken = 0, delivered = 0;
    std::thread submitter([&] {
      std::vector<call> calls;
      for (;;) {
        calls.emplace_back([&] { ++ran; });
        if (!pool->submit(calls.back().job())) break;
        ++taken;
      }
      until([&] { return pool->threads() == 0; });
      for (const auto& each : calls) delivered += each.delivered() ? 1 : 0;
    });
    until([&] { return ran > round % 7; });
    CHECK(pool->shut_down(from_now(60s)) == 0);
    submitter.join();
    CHECK(ran <= taken);
    CHECK(ran == delivered);
  }
}
