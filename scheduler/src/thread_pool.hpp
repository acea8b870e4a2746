// SPDX-License-Identifier: Apache-2.0
// An elastic pool of threads for functions that block. Threads are started when the others are blocked, not merely when
// none is idle. README.md, "Blocking functions", says why no job is lost and why every job gets its turn.
//
//   started --> scout --> takes a job --> busy --> takes the next job ...
//                 ^  '--> watches, when enough others take jobs; looks again after a while
//                 |                         |
//                 '---- appointed ---- rests, when the queue is empty --> ends after the idle time-out
//
// A thread that ends a function takes the next job at once: it takes its own place. To add a thread to those that are
// busy is up to the scout. There is at most one: a thread that is being started, was woken, or watches. It takes a job
// if fewer than `unblocked` threads are busy, or if fewer than that took a job since it was appointed or looked last,
// since then the others are blocked. If jobs are left when it has taken its own, it first appoints the next scout: a
// resting thread, or a new one. So functions that wait for each other all get a thread, one start after the other,
// while short functions are left to a few threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "blocking_executor.hpp"
#include "charkha/detail/spin_lock.hpp"
#include "job_queue.hpp"
#include "parker.hpp"

namespace charkha::detail {

/// Starts a thread that runs this. Throws std::system_error. Tests put a failing one here.
using thread_starter = std::function<std::thread(std::function<void()>)>;

struct thread_pool_config {
  int limit = 512;                                        // threads at most
  int unblocked = 1;                                      // threads that shall be able to run: processors
  std::chrono::nanoseconds idle_timeout{10'000'000'000};  // rest before a thread ends
  std::chrono::nanoseconds watch_period{100'000};         // between two looks of a scout that watches
  std::string name = "charkha";                           // of the runtime
  thread_starter start = [](std::function<void()> body) { return std::thread(std::move(body)); };
};

/// Shared by the runtime and the threads: those that do not end with the runtime go on using it.
class thread_pool final : public blocking_executor, public std::enable_shared_from_this<thread_pool> {
 public:
  /// Starts no thread. Throws std::invalid_argument for limits that make no sense.
  explicit thread_pool(thread_pool_config config);
  /// After shut_down(), unless nothing was ever submitted.
  ~thread_pool() override = default;

  /// If there is no thread and none can be started, the job is failed with a std::system_error.
  [[nodiscard]] bool submit(blocking_job& job) noexcept override;
  [[nodiscard]] bool withdraw(blocking_job& job) noexcept override;

  /// Takes no more jobs, drops those that have not begun, requests those that run to stop, and waits until the steady
  /// clock reads `deadline` for the threads to end. How many are then still inside a function: they are let go, touch
  /// nothing but this pool and their jobs from here on, and deliver nothing. Once.
  [[nodiscard]] std::size_t shut_down(std::int64_t deadline);

  // snapshots, for tests

  [[nodiscard]] std::size_t threads() const;
  [[nodiscard]] std::size_t started() const;
  [[nodiscard]] std::size_t resting() const;
  /// Ended, and not known to be by the one who started them.
  [[nodiscard]] std::size_t ending() const;
  [[nodiscard]] bool watching() const;
  [[nodiscard]] bool empty() const;

 private:
  struct pool_thread {
    // this thread only, and whoever appoints it
    parker wake;
    // guarded by mutex_
    std::list<pool_thread>::iterator self;
    std::thread handle;
    pool_thread* next_resting = nullptr;
    std::uint64_t period = 0;  // in which it took a job last
    bool resting = false;
    bool busy = false;    // from taking a job until it comes back for the next
    bool ended = false;   // before its handle was stored: whoever stores it sees to the rest
    bool let_go = false;  // shut_down() does not wait for it any more
    bool asked_to_stop = false;
    // what it runs, for shut_down()
    spin_lock lock;
    blocking_job* job CHARKHA_GUARDED_BY(lock) = nullptr;
    std::atomic<bool> delivering{false};
  };
  /// Whom to wake, or that a thread is to be started: decided under the lock, done after it.
  struct appointment {
    pool_thread* woken = nullptr;
    bool start = false;
  };
  using held_lock = std::unique_lock<std::mutex>;

  // with mutex_ held
  [[nodiscard]] appointment appoint(bool may_start = true) noexcept;
  [[nodiscard]] bool scout_may_take() const noexcept;
  void begin_period() noexcept;
  void begin_busy(pool_thread& self, blocking_job& job) noexcept;
  void end_busy(pool_thread& self) noexcept;
  [[nodiscard]] std::thread depart(pool_thread& ended, std::thread handle) noexcept;
  // with mutex_ held, which is given up while the thread blocks
  [[nodiscard]] bool rest(pool_thread& self, held_lock& lock) noexcept;
  void watch(pool_thread& self, held_lock& lock) noexcept;
  static void await_token(pool_thread& self, held_lock& lock) noexcept;
  void leave(pool_thread& self, held_lock& lock) noexcept;
  // without
  void carry_out(appointment next) noexcept;
  [[nodiscard]] appointment start_thread() noexcept;
  [[nodiscard]] appointment thread_failed(pool_thread* unborn, const std::exception_ptr& reason) noexcept;
  [[nodiscard]] intrusive_ptr<blocking_job> take_stranded() noexcept;
  void serve(pool_thread& self) noexcept;
  void run(pool_thread& self, blocking_job& job) noexcept;
  // the parts of shut_down()
  void close() noexcept;
  [[nodiscard]] intrusive_ptr<blocking_job> take_unbegun() noexcept;
  [[nodiscard]] intrusive_ptr<blocking_job> next_to_stop() noexcept;
  [[nodiscard]] std::size_t let_go() noexcept;

  const thread_pool_config config_;

  mutable std::mutex mutex_;
  // guarded by mutex_
  job_queue queue_;
  std::list<pool_thread> records_;
  pool_thread* resting_ = nullptr;  // the last to rest is the first to be appointed
  pool_thread* watcher_ = nullptr;  // the scout, if it watches and was not woken
  bool scouting_ = false;           // there is a scout
  bool closed_ = false;
  std::size_t threads_ = 0;  // that have not departed; those that are being started, too
  std::size_t started_ = 0;  // ever
  std::size_t busy_ = 0;
  std::uint64_t period_ = 0;   // begins when a scout is appointed, or has looked and watches on
  std::size_t moving_ = 0;     // threads that took a job in this period
  std::thread last_departed_;  // joined by the next to depart, or by shut_down()

  parker all_departed_;                 // gets its token when the last thread departs after the closing
  std::atomic<bool> abandoned_{false};  // the runtime goes: nothing is delivered
};

}  // namespace charkha::detail
