// SPDX-License-Identifier: Apache-2.0
// Runs a program in a World: charkha's own, or the reference. Notes what happens, and when; counts what must add up.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/program.hpp"

namespace charkha::fuzz {

struct program_error final : std::exception {};

/// What a run left behind.
struct outcome {
  std::vector<std::string> events;   // in the order in which they happened
  std::vector<std::string> results;  // of the tasks, in the order of their creation
  std::vector<std::string> faults;   // what must not happen in any order of events

  // For those who look into a failure.
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const auto& each : events) all += "  " + each + '\n';
    return all + tail();
  }
  [[nodiscard]] std::string tail() const {
    std::string all;
    for (std::size_t i = 0; i < results.size(); ++i) all += "  task " + std::to_string(i) + ": " + results[i] + '\n';
    for (const auto& each : faults) all += "  FAULT " + each + '\n';
    return all;
  }
};

/// World gives: coro, task, lock, semaphore, event, queue, task_group; cancelled_error, timeout_error, exception_group;
/// misuse, and functions on them.
template <class World>
class interpreter {
 public:
  using coro = typename World::coro;

  explicit interpreter(const program& text) : text_(text) {}

  coro main() {
    create(text_[0]);
    co_await World::sleep(a_second);
    // What still waits waits for ever, until it is told not to; what then swallows the request has an end, too.
    for (int round = 0; round < 200 && !all_done(); ++round) {
      for (std::size_t i = 0; i < tasks_.size(); ++i) World::cancel(tasks_[i]);
      co_await World::sleep(std::chrono::milliseconds(1));
    }
    note(0, "end");
    for (std::size_t i = 0; i < tasks_.size(); ++i) found_.results.push_back(result_of(i));
    balance();
    co_return 0;
  }

  [[nodiscard]] outcome& found() noexcept { return found_; }

 private:
  static constexpr std::chrono::seconds a_second{1};
  static constexpr std::size_t most_tasks = 24;
  static constexpr int permits = 2;

  struct task_run {
    std::size_t number;
    typename World::task_group* group = nullptr;  // whose body it is in
  };

  // Nobody else awaits these tasks, so that a cancel request reaches each in one way only. If it comes in several, asyncio
  // counts it as often as there are ways, charkha once or twice.
  class sole_awaiter final {
   public:
    sole_awaiter(interpreter& owner, std::vector<std::size_t> tasks) : owner_(owner), tasks_(std::move(tasks)) {
      for (const auto each : tasks_) alone_ = alone_ && !owner_.awaited_.at(each);
      if (alone_) mark(true);
    }
    ~sole_awaiter() {
      if (alone_) mark(false);
    }
    sole_awaiter(const sole_awaiter&) = delete;
    sole_awaiter& operator=(const sole_awaiter&) = delete;
    [[nodiscard]] bool alone() const noexcept { return alone_; }

   private:
    void mark(bool awaited) {
      for (const auto each : tasks_) owner_.awaited_.at(each) = awaited;
    }
    interpreter& owner_;
    std::vector<std::size_t> tasks_;
    bool alone_ = true;
  };

  void note(std::size_t task, const std::string& what) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(World::now());
    found_.events.push_back(std::to_string(time.count()) + " ms, task " + std::to_string(task) + ": " + what);
  }
  void fault(std::size_t task, const std::string& what) {
    note(task, what);
    found_.faults.push_back(found_.events.back());
  }

  [[nodiscard]] bool all_done() const {
    return std::all_of(tasks_.begin(), tasks_.end(), [](const auto& each) { return World::done(each); });
  }
  [[nodiscard]] std::string result_of(std::size_t number) {
    const auto& task = tasks_[number];
    if (!World::done(task)) {
      fault(number, "never ends");
      return "pending";
    }
    if (World::was_cancelled(task)) return "cancelled";
    try {
      return std::to_string(World::result(task));
    } catch (...) {
      return describe(std::current_exception());
    }
  }
  // When all have ended: everything was given back.
  void balance() {
    for (std::size_t i = 0; i < locks_.size(); ++i) {
      if (locks_[i].locked()) fault(0, "lock " + std::to_string(i) + " is lost");
      if (inside_lock_[i] != 0) fault(0, "somebody is still inside lock " + std::to_string(i));
    }
    for (std::size_t i = 0; i < semaphores_.size(); ++i) {
      if (World::take_all(semaphores_[i]) != permits) fault(0, "semaphore " + std::to_string(i) + " lost a permit");
    }
    for (std::size_t i = 0; i < queues_.size(); ++i) {
      if (put_[i] - taken_[i] != World::size(queues_[i]))
        fault(0, "queue " + std::to_string(i) + " lost or doubled an item");
    }
  }

  // Groups of groups to some depth: a task whose error reaches two others, and each of theirs two more, is soon in
  // millions of places.
  [[nodiscard]] static std::string describe(const std::exception_ptr& error, int depth = 5) {
    try {
      std::rethrow_exception(error);
    } catch (const typename World::cancelled_error&) {
      return "cancelled";
    } catch (const typename World::timeout_error&) {
      return "timed out";
    } catch (const program_error&) {
      return "an error";
    } catch (const typename World::misuse&) {
      return "misuse";
    } catch (const typename World::exception_group& group) {
      std::vector<std::string> texts;
      if (depth == 0) return "errors (...)";
      for (const auto& each : World::errors(group)) texts.push_back(describe(each, depth - 1));
      std::sort(texts.begin(), texts.end());  // which came first is no event
      std::string text = "errors (";
      for (const auto& each : texts) text += each + ' ';
      return text + ')';
    } catch (const std::exception& other) {
      return other.what();
    }
  }

  [[nodiscard]] bool has_room(std::size_t more) const noexcept { return tasks_.size() + more <= most_tasks; }
  typename World::task create(const script& instructions, typename World::task_group* group = nullptr) {
    auto body = run_task(tasks_.size(), instructions);
    tasks_.push_back(group == nullptr ? World::create(std::move(body)) : World::create_in(*group, std::move(body)));
    return tasks_.back();
  }

  coro run_task(std::size_t number, const script& instructions) {
    note(number, "begins");
    try {
      const int value = co_await run_block({number}, instructions);
      note(number, "returns");
      co_return value;
    } catch (...) {
      note(number, "ends by: " + describe(std::current_exception()));
      throw;
    }
  }

  coro run_block(task_run self, const script& instructions) {
    int value = static_cast<int>(self.number);
    for (const auto& each : instructions) {
      note(self.number, std::string(action_names[static_cast<std::size_t>(each.what)]) + "?");
      int given = 0;
      try {
        given = co_await run(self, each);
      } catch (...) {
        note(self.number, std::string(action_names[static_cast<std::size_t>(each.what)]) + ": " +
                              describe(std::current_exception()));
        throw;
      }
      note(self.number, std::string(action_names[static_cast<std::size_t>(each.what)]) + " " + std::to_string(given));
      value = (value * 31 + given) % 1000;
    }
    co_return value;
  }

  coro run(task_run self, const instruction& each) {
    const std::size_t two = each.argument % 2;
    switch (each.what) {
      case action::yield:
        co_await World::yield();
        co_return 0;
      case action::sleep:
        co_return co_await sleep(self, std::chrono::milliseconds(each.argument % 4));
      case action::create:
        if (has_room(1)) create(text_[each.argument % text_.size()], self.group);
        co_return static_cast<int>(tasks_.size());
      case action::join:
      case action::shield: {
        if (self.number + 1 >= tasks_.size()) co_return 0;
        const std::size_t younger = self.number + 1 + each.argument % (tasks_.size() - self.number - 1);
        const typename World::task joined = tasks_[younger];
        if (each.what == action::shield) co_return co_await World::shield(joined);
        const sole_awaiter awaits(*this, {younger});
        if (!awaits.alone()) co_return 0;
        co_return co_await World::join(joined);
      }
      case action::cancel:
        co_return World::cancel(tasks_[each.argument % tasks_.size()]) ? 1 : 0;
      case action::uncancel:
        co_return World::uncancel();
      case action::raise:
        throw program_error();
      case action::put: {
        co_await queues_[two].put(static_cast<int>(each.argument));
        ++put_[two];
        co_return 0;
      }
      case action::get: {
        const int item = co_await queues_[two].get();
        ++taken_[two];
        co_return item;
      }
      case action::set:
        events_[two].set();
        co_return 0;
      case action::clear:
        events_[two].clear();
        co_return 0;
      case action::wait:
        co_await events_[two].wait();
        co_return 0;
      case action::gather:
        co_return co_await both(each);
      case action::timeout:
        co_return co_await within(self, std::chrono::milliseconds(each.argument % 4), each.block);
      case action::catching:
        co_return co_await catching(self, each.block);
      case action::with_lock:
        co_return co_await with_lock(self, two, each.block);
      case action::with_semaphore:
        co_return co_await with_semaphore(self, two, each.block);
      case action::group:
        co_return co_await in_group(self, each.block);
      case action::count:
        break;
    }
    co_return 0;
  }

  coro sleep(task_run self, std::chrono::milliseconds duration) {
    const auto begin = World::now();
    co_await World::sleep(duration);
    // Virtual time stands still while anybody can run.
    if (World::now() - begin != duration) fault(self.number, "slept too short or too long");
    co_return 0;
  }

  coro within(task_run self, std::chrono::milliseconds duration, const script& block) {
    const auto begin = World::now();
    try {
      co_return co_await World::timeout(duration, run_block(self, block));
    } catch (const typename World::timeout_error&) {
      if (World::now() - begin < duration) fault(self.number, "timed out early");
    }
    co_return -1;
  }

  coro catching(task_run self, const script& block) {
    try {
      co_return co_await run_block(self, block);
    } catch (...) {
      note(self.number, "caught: " + describe(std::current_exception()));
    }
    co_return -2;
  }

  coro with_lock(task_run self, std::size_t which, const script& block) {
    co_await locks_[which].acquire();
    co_return co_await holding(self, locks_[which], inside_lock_[which], 1, block);
  }

  coro with_semaphore(task_run self, std::size_t which, const script& block) {
    co_await semaphores_[which].acquire();
    co_return co_await holding(self, semaphores_[which], inside_semaphore_[which], permits, block);
  }

  // Runs the block, and lets go of what is held however it ends.
  template <class Held>
  coro holding(task_run self, Held& held, int& inside, int most, const script& block) {
    if (++inside > most) fault(self.number, "too many inside a lock or a semaphore");
    int value = 0;
    std::exception_ptr error;
    try {
      value = co_await run_block(self, block);
    } catch (...) {
      error = std::current_exception();
    }
    --inside;
    held.release();
    if (error) std::rethrow_exception(error);
    co_return value;
  }

  coro both(const instruction& each) {
    if (!has_room(2)) co_return 0;
    const sole_awaiter awaits(*this, {tasks_.size(), tasks_.size() + 1});
    const auto one = create(each.block);
    const auto other = create(each.other);
    co_return co_await World::gather(one, other);
  }

  coro in_group(task_run self, const script& block) {
    typename World::task_group group;
    co_return co_await World::run(group, run_block({self.number, &group}, block));
  }

  const program& text_;
  outcome found_;
  std::vector<typename World::task> tasks_;
  std::array<bool, most_tasks> awaited_{};
  std::array<typename World::lock, 2> locks_;
  std::array<typename World::semaphore, 2> semaphores_{World::make_semaphore(permits), World::make_semaphore(permits)};
  std::array<typename World::event, 2> events_;
  std::array<typename World::queue, 2> queues_{World::make_queue(0), World::make_queue(1)};
  std::array<int, 2> inside_lock_{}, inside_semaphore_{};
  std::array<std::size_t, 2> put_{}, taken_{};
};

}  // namespace charkha::fuzz
