// SPDX-License-Identifier: Apache-2.0
#include "thread_pool.hpp"

#include <algorithm>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "charkha/detail/duration.hpp"
#include "thread_name.hpp"
#include "time_source.hpp"

namespace charkha::detail {

namespace {

// About as long as the task takes to come back with its next call: a wake-up costs several times that.
constexpr unsigned pauses_before_rest = 256;

std::int64_t after(std::chrono::nanoseconds time) noexcept { return later(steady_time_source().now(), time.count()); }

std::exception_ptr explain(const std::exception_ptr& reason) noexcept {
  try {
    std::rethrow_exception(reason);
  } catch (const std::system_error& error) {
    return std::make_exception_ptr(std::system_error(
        error.code(),
        "charkha: a thread for to_thread could not be started, and there is none that could run the function; raise "
        "the limit on threads (ulimit -u, pids.max), or try again later"));
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

thread_pool::thread_pool(thread_pool_config config) : config_(std::move(config)) {
  if (config_.limit < 1) {
    throw std::invalid_argument("charkha: runtime_options.max_blocking_threads is " + std::to_string(config_.limit) +
                                "; it must be 1 or more");
  }
  if (config_.idle_timeout.count() < 0) {
    throw std::invalid_argument("charkha: runtime_options.blocking_idle_timeout is negative");
  }
}

bool thread_pool::submit(blocking_job& job) noexcept {
  appointment next;
  {
    const std::lock_guard guard(mutex_);
    if (closed_) return false;
    queue_.push(job);
    if (watcher_ != nullptr && busy_ < static_cast<std::size_t>(config_.unblocked)) {
      next.woken = std::exchange(watcher_, nullptr);
    } else {
      next = appoint();
    }
  }
  carry_out(next);
  return true;
}

bool thread_pool::withdraw(blocking_job& job) noexcept {
  intrusive_ptr<blocking_job> taken;
  const std::lock_guard guard(mutex_);
  taken = queue_.remove(job);
  return static_cast<bool>(taken);
}

thread_pool::appointment thread_pool::appoint(bool may_start) noexcept {
  if (scouting_ || queue_.empty() || closed_) return {};
  if (resting_ != nullptr) {
    pool_thread* woken = std::exchange(resting_, resting_->next_resting);
    woken->resting = false;
    scouting_ = true;
    begin_period();
    return {woken, false};
  }
  if (!may_start || threads_ >= static_cast<std::size_t>(config_.limit)) return {};
  ++threads_;
  scouting_ = true;
  begin_period();
  return {nullptr, true};
}

void thread_pool::begin_period() noexcept {
  ++period_;
  moving_ = 0;
}

bool thread_pool::scout_may_take() const noexcept {
  const auto enough = static_cast<std::size_t>(config_.unblocked);
  return busy_ < enough || moving_ < enough;
}

void thread_pool::carry_out(appointment next) noexcept {
  for (;;) {
    if (next.woken != nullptr) next.woken->wake.unpark();
    if (!next.start) return;
    next = start_thread();
  }
}

thread_pool::appointment thread_pool::start_thread() noexcept {
  pool_thread* born = nullptr;
  try {
    std::list<pool_thread> fresh(1);
    {
      const std::lock_guard guard(mutex_);
      records_.splice(records_.end(), fresh);
      born = &records_.back();
      born->self = std::prev(records_.end());
    }
    std::thread handle = config_.start([pool = shared_from_this(), born] { pool->serve(*born); });
    std::thread earlier;
    appointment next;
    {
      const std::lock_guard guard(mutex_);
      if (born->ended) {
        earlier = depart(*born, std::move(handle));
        next = appoint();  // until now it counted, and the limit may have kept others from being started
      } else if (born->let_go) {
        handle.detach();
      } else {
        born->handle = std::move(handle);
      }
    }
    if (earlier.joinable()) earlier.join();
    return next;
  } catch (const std::exception&) {
    return thread_failed(born, std::current_exception());
  }
}

// The jobs wait for the threads that there are. If there is none, nobody would ever take them, and not only the job that
// this start was for: others may have been submitted meanwhile, and relied on it.
thread_pool::appointment thread_pool::thread_failed(pool_thread* unborn, const std::exception_ptr& reason) noexcept {
  appointment next;
  bool last = false;
  {
    const std::lock_guard guard(mutex_);
    if (unborn != nullptr) records_.erase(unborn->self);
    scouting_ = false;
    --threads_;
    last = threads_ == 0 && closed_;
    next = appoint(false);  // one may have come to rest meanwhile
  }
  for (auto job = take_stranded(); job; job = take_stranded()) {
    job->fail(explain(reason));
    job->deliver();
  }
  if (last) all_departed_.unpark();
  return next;
}

intrusive_ptr<blocking_job> thread_pool::take_stranded() noexcept {
  const std::lock_guard guard(mutex_);
  return threads_ == 0 ? queue_.take() : intrusive_ptr<blocking_job>();
}

void thread_pool::serve(pool_thread& self) noexcept {
  held_lock lock(mutex_);
  const std::size_t number = started_++;
  lock.unlock();
  name_this_thread(config_.name, "-b" + std::to_string(number));
  lock.lock();
  bool scout = true;
  while (!closed_) {
    if (queue_.empty()) {
      end_busy(self);
      if (std::exchange(scout, false)) scouting_ = false;
      if (!rest(self, lock)) break;
      scout = true;
      continue;
    }
    if (scout && !scout_may_take()) {
      watch(self, lock);
      continue;
    }
    auto job = queue_.take();
    begin_busy(self, *job);
    if (std::exchange(scout, false)) scouting_ = false;
    const appointment next = appoint();
    lock.unlock();
    carry_out(next);
    run(self, *job);
    job = {};  // frees the function and its arguments
    lock.lock();
  }
  if (scout) scouting_ = false;
  end_busy(self);
  leave(self, lock);
}

void thread_pool::begin_busy(pool_thread& self, blocking_job& job) noexcept {
  if (!std::exchange(self.busy, true)) ++busy_;
  if (std::exchange(self.period, period_) != period_) ++moving_;
  const spin_guard guard(self.lock);
  self.job = &job;
}

void thread_pool::end_busy(pool_thread& self) noexcept {
  if (std::exchange(self.busy, false)) --busy_;
}

void thread_pool::run(pool_thread& self, blocking_job& job) noexcept {
  job.run();
  // [runtime-abandoned] sequentially consistent, both words: either shut_down() waits for this delivery, or it is left
  // out.
  self.delivering.store(true, std::memory_order_seq_cst);
  if (!abandoned_.load(std::memory_order_seq_cst)) job.deliver();
  self.delivering.store(false, std::memory_order_release);
  const spin_guard guard(self.lock);
  self.job = nullptr;
}

// A resting thread is taken out of the list by whoever appoints it, or by itself, under the lock: so it is the scout and
// looks at the queue, or it ends and nobody counts on it.
bool thread_pool::rest(pool_thread& self, held_lock& lock) noexcept {
  self.resting = true;
  self.next_resting = std::exchange(resting_, &self);
  const std::int64_t deadline = after(config_.idle_timeout);
  lock.unlock();
  for (unsigned i = 0; i < pauses_before_rest && !self.wake.has_token(); ++i) spin_pause();
  const bool token = self.wake.park_until(deadline);
  lock.lock();
  if (!self.resting) {
    if (!token) await_token(self, lock);
    return true;
  }
  pool_thread** link = &resting_;
  while (*link != &self) link = &(*link)->next_resting;
  *link = self.next_resting;
  self.resting = false;
  return false;
}

void thread_pool::watch(pool_thread& self, held_lock& lock) noexcept {
  begin_period();
  watcher_ = &self;
  const std::int64_t deadline = after(config_.watch_period);
  lock.unlock();
  const bool token = self.wake.park_until(deadline);
  lock.lock();
  if (watcher_ == &self) {
    watcher_ = nullptr;
  } else if (!token) {
    await_token(self, lock);
  }
}

// The time was up, but somebody has chosen this thread and is about to give it its token: it must not go before that.
void thread_pool::await_token(pool_thread& self, held_lock& lock) noexcept {
  lock.unlock();
  static_cast<void>(self.wake.park_until(parker::never));
  lock.lock();
}

void thread_pool::leave(pool_thread& self, held_lock& lock) noexcept {
  if (self.let_go) return;
  if (!self.handle.joinable()) {
    self.ended = true;
    return;
  }
  std::thread earlier = depart(self, std::move(self.handle));
  lock.unlock();
  if (earlier.joinable()) earlier.join();
}

// The last that is done for a thread: from here on it only returns. What is given back is for the caller to join.
std::thread thread_pool::depart(pool_thread& ended, std::thread handle) noexcept {
  records_.erase(ended.self);
  std::thread earlier = std::exchange(last_departed_, std::move(handle));
  if (--threads_ == 0 && closed_) all_departed_.unpark();
  return earlier;
}

void thread_pool::close() noexcept {
  const std::lock_guard guard(mutex_);
  closed_ = true;
  while (resting_ != nullptr) {
    pool_thread& woken = *std::exchange(resting_, resting_->next_resting);
    woken.resting = false;
    woken.wake.unpark();
  }
  if (watcher_ != nullptr) std::exchange(watcher_, nullptr)->wake.unpark();
}

intrusive_ptr<blocking_job> thread_pool::take_unbegun() noexcept {
  const std::lock_guard guard(mutex_);
  return queue_.take();
}

intrusive_ptr<blocking_job> thread_pool::next_to_stop() noexcept {
  const std::lock_guard guard(mutex_);
  for (pool_thread& each : records_) {
    if (std::exchange(each.asked_to_stop, true)) continue;
    const spin_guard job_guard(each.lock);
    if (each.job != nullptr) return intrusive_ptr<blocking_job>(*each.job);
  }
  return {};
}

std::size_t thread_pool::let_go() noexcept {
  const std::lock_guard guard(mutex_);
  std::size_t count = 0;
  for (pool_thread& each : records_) {
    if (!each.busy) continue;
    each.let_go = true;
    if (each.handle.joinable()) each.handle.detach();
    --threads_;
    ++count;
  }
  if (count == 0) return 0;
  abandoned_.store(true, std::memory_order_seq_cst);  // [runtime-abandoned]
  for (pool_thread& each : records_) {
    while (each.delivering.load(std::memory_order_seq_cst)) spin_pause();
  }
  return count;
}

std::size_t thread_pool::shut_down(std::int64_t deadline) {
  close();
  // What a job holds is destroyed with nothing locked, and stop callbacks are called so.
  while (take_unbegun()) {
  }
  for (auto job = next_to_stop(); job; job = next_to_stop()) job->request_stop();
  const bool all_ended = threads() == 0 || all_departed_.park_until(deadline);
  const std::size_t left = all_ended ? 0 : let_go();
  // Those that are not inside a function are on their way.
  if (!all_ended && threads() > 0) static_cast<void>(all_departed_.park_until(parker::never));
  std::thread last;
  {
    const std::lock_guard guard(mutex_);
    last = std::move(last_departed_);
  }
  if (last.joinable()) last.join();
  return left;
}

std::size_t thread_pool::threads() const {
  const std::lock_guard guard(mutex_);
  return threads_;
}
std::size_t thread_pool::started() const {
  const std::lock_guard guard(mutex_);
  return started_;
}
std::size_t thread_pool::resting() const {
  const std::lock_guard guard(mutex_);
  std::size_t count = 0;
  for (const pool_thread* each = resting_; each != nullptr; each = each->next_resting) ++count;
  return count;
}
std::size_t thread_pool::ending() const {
  const std::lock_guard guard(mutex_);
  return static_cast<std::size_t>(
      std::count_if(records_.begin(), records_.end(), [](const auto& each) { return each.ended; }));
}
bool thread_pool::watching() const {
  const std::lock_guard guard(mutex_);
  return watcher_ != nullptr;
}
bool thread_pool::empty() const {
  const std::lock_guard guard(mutex_);
  return queue_.empty();
}

}  // namespace charkha::detail
