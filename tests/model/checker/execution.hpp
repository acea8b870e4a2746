// SPDX-License-Identifier: Apache-2.0
// One execution of a scenario: its threads, which run one at a time, and the memory they share. Before each atomic
// access the choices say who goes on; at the access they say which of the possible values it meets.
//
// Between two atomic accesses a thread is not interrupted: plain accesses are either ordered by happens-before, then
// nobody can tell when they were executed, or they are a data race, which is found whenever they were.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "choices.hpp"
#include "context.hpp"
#include "location.hpp"
#include "operation.hpp"
#include "plain_memory.hpp"
#include "trace.hpp"
#include "vector_clock.hpp"

namespace charkha::model {

struct limits {
  unsigned preemptions;
  unsigned spurious_failures;
  unsigned changes;  // of priority, when a seed decides
  unsigned steps;
  bool reduce;
  bool patient;  // time passes only when nobody can go on
};

class execution {
 public:
  execution();
  execution(const execution&) = delete;
  execution& operator=(const execution&) = delete;
  ~execution();

  /// The one whose code the caller is; null outside, and in the checker itself.
  static execution* current() noexcept { return current_; }

  /// Goes through the scenario once. False: it failed, and its stacks are given up with all that lives on them.
  bool run(const std::function<void()>& body, choices& from, const limits& bounds, bool tracing);

  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  [[nodiscard]] std::string trace_text() const;
  /// Was it, from some point on, like an execution that the search had been through?
  [[nodiscard]] bool redundant() const noexcept { return redundant_; }
  [[nodiscard]] unsigned steps() const noexcept { return steps_; }
  [[nodiscard]] const std::set<std::string>& outcomes() const noexcept { return outcomes_; }

  // for the scenario

  void spawn(std::string name, std::function<void()> body);
  void join();
  void note_outcome(const std::string& text);
  [[noreturn]] void fail(const std::string& what);
  [[nodiscard]] unsigned choose(unsigned count);
  [[nodiscard]] unsigned thread() const noexcept { return running_; }

  // what the code of the model does; `code` is where, by default the caller

  using modify = std::uint64_t (*)(std::uint64_t value, std::uint64_t operand);
  [[nodiscard]] std::uint64_t load(const void* at, std::size_t size, std::memory_order order,
                                   const void* code = nullptr);
  void store(void* at, std::size_t size, std::uint64_t value, std::memory_order order, const void* code = nullptr);
  std::uint64_t read_modify_write(void* at, std::size_t size, modify how, std::uint64_t operand,
                                  std::memory_order order, const void* code = nullptr);
  bool compare_exchange(void* at, std::size_t size, std::uint64_t& expected, std::uint64_t desired,
                        std::memory_order success, std::memory_order failure, bool weak, const void* code = nullptr);
  void read(const void* at, std::size_t size, const void* code = nullptr);
  void write(const void* at, std::size_t size, const void* code = nullptr);
  /// The memory is kept until the execution is over, so that its address does not come back.
  void free(void* at, const void* code = nullptr);
  void pause(const void* code = nullptr);
  /// Goes on when another thread has made a step, or none can.
  void yield(const void* code = nullptr);
  /// False: the deadline came, which the model's clock reads then.
  bool block(const void* at, std::uint32_t expected, std::int64_t deadline, const void* code = nullptr);
  void wake(const void* at, int count, const void* code = nullptr);
  /// Goes on when the newest value is not 0, which it acquires.
  void await(const void* at, std::size_t size, const void* code = nullptr);
  [[nodiscard]] std::int64_t now() const noexcept { return now_; }

 private:
  class checker_scope;

  enum class state : std::uint8_t { unused, ready, paused, yielding, blocked, awaiting, joining, ended };
  struct thread_of_model {
    std::string name;
    std::function<void()> body;
    std::unique_ptr<context> stack;
    state is = state::unused;
    vector_clock clock;
    vector_clock past;  // all that its next step depends on, by happens-before or not: see could_come_earlier()
    operation pending;
    // while it spins
    bool acted = false;           // since its last pause
    bool may_be_fresher = false;  // it read a value that is not the newest
    struct look {
      location* at;
      std::uint64_t changes;  // of its value, until then
    };
    std::vector<look> looks;  // since its last pause
    unsigned yielded_at = 0;
    // while it is blocked
    bool woken = false;
    bool timed = false;
    std::int64_t deadline = 0;
    std::uint64_t priority = 0;  // when a seed decides
  };

  static void run_thread(void* argument);
  void prepare_stack(unsigned index);
  void reach(const operation& what);
  void schedule();
  [[nodiscard]] unsigned choose_thread(unsigned enabled);
  [[nodiscard]] unsigned choose_by_priority(const std::array<unsigned, max_threads>& candidates, unsigned count);
  [[nodiscard]] bool is_enabled(const thread_of_model& thread) const noexcept;
  void switch_to(unsigned index);
  void switch_home();
  [[noreturn]] void fail_stuck();

  [[nodiscard]] thread_of_model& self() noexcept { return threads_[running_]; }
  [[nodiscard]] location& find(std::uintptr_t address, std::size_t size, const void* code);
  void forget_atomics(std::uintptr_t address, std::size_t size, bool writes, const void* code);
  void judge(const plain_memory::verdict& found, bool writes, const void* code);
  [[noreturn]] void fail_race(std::uintptr_t address, const plain_memory::event& other, bool writes, const void* code);
  [[nodiscard]] bool is_redundant(const location& where, std::size_t index, std::memory_order order) const noexcept;
  void note_past(location& where, const operation& what) noexcept;
  [[nodiscard]] unsigned pick_value(unsigned count);
  void note_look(location& at);
  void add_event(const operation& what, std::uint64_t value, std::uint64_t written, bool succeeded, bool stale,
                 std::size_t size, const void* code);

  static execution* current_;

  std::array<thread_of_model, max_threads> threads_;
  unsigned count_ = 0;
  unsigned running_ = 0;
  context home_;

  plain_memory memory_;
  std::unordered_map<std::uintptr_t, location*> atomics_;
  std::vector<std::unique_ptr<location>> locations_;
  std::size_t locations_used_ = 0;
  std::vector<void*> freed_;

  choices* choices_ = nullptr;
  limits limits_{};
  const std::function<void()>* body_ = nullptr;
  bool tracing_ = false;
  trace trace_;
  bool redundant_ = false;
  bool failed_ = false;
  unsigned starting_ = max_threads;  // runs up to its first access, then its maker goes on
  unsigned maker_ = 0;
  operation done_;       // the last step, as far as others can tell
  unsigned asleep_ = 0;  // threads whose next step was explored already, and is independent of all since
  unsigned preemptions_ = 0;
  unsigned spurious_ = 0;
  unsigned steps_ = 0;
  unsigned expected_steps_ = 1;
  std::vector<unsigned> change_points_;
  vector_clock past_writes_;
  vector_clock past_pauses_;
  bool reduced_ = false;
  bool alone_ = true;  // the body, before it made a thread and after it waited for all: its accesses race with nobody's
  std::int64_t now_ = 0;
  std::string failure_;
  std::set<std::string> outcomes_;
};

}  // namespace charkha::model
