// SPDX-License-Identifier: Apache-2.0
// A runtime that only does work when its crank is turned: one worker, one ready queue, first in first out, on the thread
// of the test. Drives core by hand; knows no threads and no clock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <limits>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "charkha/create_task.hpp"
#include "charkha/detail/describe_exception.hpp"
#include "charkha/detail/executor.hpp"
#include "charkha/detail/fork_scope.hpp"
#include "charkha/detail/task_block.hpp"
#include "charkha/detail/this_thread.hpp"
#include "charkha/detail/waiter_list.hpp"
#include "charkha/task.hpp"
#include "charkha/usage_error.hpp"

namespace charkha::test {

class crank final : public detail::executor {
 public:
  crank() = default;
  ~crank() { tear_down(); }

  /// What is queued is discarded and what is pending is destroyed, as a runtime does it that is torn down.
  void tear_down() {
    tearing_down_ = true;
    while (!ready_.empty()) {
      detail::ready_item* item = ready_.front();
      ready_.pop_front();
      item->discard();
    }
    while (context_.forks.pop() != nullptr) {
    }
    for (auto* task : tasks_) {
      if (!task->is_complete()) task->retire();
    }
    for (;;) {
      const auto pending = std::find_if(tasks_.begin(), tasks_.end(), [](auto* task) { return !task->is_complete(); });
      if (pending == tasks_.end()) break;
      (*pending)->abandon();
    }
  }

  /// Makes `body` a task, as a foreign thread would.
  template <class T>
  [[nodiscard]] task<T> start(coro<T> body, const task_options& options = {}) {
    return detail::start_task(*this, std::move(body), options, std::source_location::current());
  }

  /// Runs one item: the newest forked child if there is one, else the oldest ready item. False: there is none.
  bool turn() {
    detail::ready_item* item = context_.forks.pop();
    context_.fork_credit = std::numeric_limits<std::int64_t>::max();
    if (item == nullptr) {
      if (ready_.empty()) return false;
      item = ready_.front();
      ready_.pop_front();
    }
    detail::worker_context* const outside = detail::current_worker();
    detail::set_current_worker(&context_);
    item->run(context_);
    detail::set_current_worker(outside);
    ++turns_;
    return true;
  }

  /// Turns until nothing is ready. How many turns that took.
  std::size_t run() {
    const std::size_t before = turns_;
    while (turn()) {
    }
    return turns_ - before;
  }

  /// Makes the calling thread this runtime's worker for a scope, so that create_task and gather work outside a task.
  class on_worker {
   public:
    explicit on_worker(crank& owner) noexcept : outside_(detail::current_worker()) {
      detail::set_current_worker(&owner.context_);
    }
    ~on_worker() { detail::set_current_worker(outside_); }
    on_worker(const on_worker&) = delete;
    on_worker& operator=(const on_worker&) = delete;

   private:
    detail::worker_context* outside_;
  };

  [[nodiscard]] std::size_t ready() const noexcept { return ready_.size(); }
  [[nodiscard]] std::size_t forked() const noexcept { return static_cast<std::size_t>(context_.forks.size()); }
  /// Control blocks that have not been freed.
  [[nodiscard]] std::size_t blocks() const noexcept { return tasks_.size(); }
  /// How often a task was looked for by its number.
  [[nodiscard]] std::size_t searches() const noexcept { return searches_; }
  /// What is no task and refers to this runtime.
  [[nodiscard]] std::size_t retained() const noexcept { return retained_; }
  /// "name: error" of each unretrieved error.
  [[nodiscard]] const std::vector<std::string>& reports() const noexcept { return reports_; }
  /// "name: error" of each fatal error that left a task.
  [[nodiscard]] const std::vector<std::string>& fatal() const noexcept { return fatal_; }
  /// Who destroyed a coroutine that was never awaited; null: nobody's step.
  [[nodiscard]] const std::vector<detail::task_core*>& never_awaited() const noexcept { return never_awaited_; }
  /// From here on enlist() refuses.
  void close() noexcept { closed_ = true; }

  // executor

  void make_ready(detail::ready_item& item, detail::ready_kind /*kind*/) noexcept override {
    if (tearing_down_) {
      item.discard();
    } else {
      ready_.push_back(&item);
    }
  }
  [[nodiscard]] bool is_closed() const noexcept override { return tearing_down_; }
  void enlist(detail::task_block& task, const detail::worker_context* /*here*/) override {
    if (closed_) throw usage_error("the crank is closed");
    task.number = ++last_number_;
    tasks_.push_back(&task);
  }
  void delist(detail::task_block& task) noexcept override {
    tasks_.erase(std::find(tasks_.begin(), tasks_.end(), &task));
  }
  [[nodiscard]] detail::intrusive_ptr<detail::task_block> find(std::uint64_t number) noexcept override {
    ++searches_;
    const auto found = std::find_if(tasks_.begin(), tasks_.end(), [&](auto* task) { return task->number == number; });
    return found == tasks_.end() ? detail::intrusive_ptr<detail::task_block>()
                                 : detail::intrusive_ptr<detail::task_block>(**found);
  }
  /// Turns the crank instead of blocking; knows no clock, so that a limited time is up when there is nothing to do.
  [[nodiscard]] bool block_for(detail::waiter_list& waiters, std::int64_t nanoseconds) override {
    if (detail::current_worker() != nullptr) throw usage_error("blocks a worker");
    while (!waiters.is_closed()) {
      if (turn()) continue;
      if (nanoseconds != for_ever) return false;
      throw usage_error("the crank has nothing to do");
    }
    return true;
  }
  [[nodiscard]] std::uint8_t retain() noexcept override {
    ++retained_;
    return 0;
  }
  void release(std::uint8_t /*retained*/) noexcept override { --retained_; }
  void report_unretrieved(std::string_view what, const std::source_location& /*site*/,
                          std::exception_ptr error) noexcept override {
    reports_.push_back((what.empty() ? "a future" : std::string(what)) + ": " + detail::describe_exception(error));
  }
  void report_callback_error(const std::source_location& /*site*/, std::exception_ptr error) noexcept override {
    reports_.push_back("a callback: " + detail::describe_exception(error));
  }
  void report_fatal(detail::task_core& task, std::exception_ptr error) noexcept override {
    fatal_.push_back(task.given_name() + ": " + detail::describe_exception(error));
  }
  void report_never_awaited(detail::task_core* by) noexcept override { never_awaited_.push_back(by); }

 private:
  struct context final : detail::worker_context {
    explicit context(crank& runtime) : worker_context(runtime, false) {}
    void enqueue(detail::ready_item& item, detail::ready_kind kind) noexcept override { owner.make_ready(item, kind); }
    void wake_thieves() noexcept override {}
  };

  context context_{*this};
  std::deque<detail::ready_item*> ready_;
  std::vector<detail::task_block*> tasks_;
  std::vector<std::string> reports_;
  std::vector<std::string> fatal_;
  std::vector<detail::task_core*> never_awaited_;
  std::size_t turns_ = 0;
  std::uint64_t last_number_ = 0;
  std::size_t searches_ = 0;
  std::size_t retained_ = 0;
  bool closed_ = false;
  bool tearing_down_ = false;
};

}  // namespace charkha::test
