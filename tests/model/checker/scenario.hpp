// SPDX-License-Identifier: Apache-2.0
// How a test puts a question to the checker: a scenario, which is a function that makes something, lets threads loose on
// it and says what must hold then, and how far to look.
//
//   const auto found = explore({.name = "message passing"}, [](scenario& run) {
//     auto& cargo = run.make<int>(0);
//     auto& sent = run.make<atomic<bool>>(false);
//     run.thread("sender", [&] { cargo = 1; sent.store(true, std::memory_order_release); });
//     run.thread("receiver", [&] { if (sent.load(std::memory_order_acquire)) run.check(cargo == 1, "delivered"); });
//     run.join();
//   });
//   CHECK(found.holds());
//
// The scenario runs many times, once for each execution; it must do the same if it meets the same. The code that is
// checked is compiled as for ThreadSanitizer: the checker then sees its plain accesses, and those to std::atomic, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace charkha::model {

/// How far to look.
struct options {
  static constexpr unsigned unbounded = ~0U;

  const char* name = "";
  /// How often, in one execution, a thread that could go on may be interrupted or an access may meet something else than
  /// the newest value. Unbounded: every interleaving, of those that differ only in the order of independent steps one.
  unsigned preemptions = unbounded;
  /// Weak compare-exchanges that fail without a reason, in one execution.
  unsigned spurious_failures = 1;
  /// A wait with a deadline times out only when nobody else can go on, for scenarios that say how late something may be.
  /// Otherwise at any time: the other threads may be slow.
  bool patient = false;
  /// Steps of one execution; more are taken for a loop that does not end.
  unsigned steps = 5000;
  /// The search ends here, and has not found out.
  std::uint64_t executions = 50'000'000;
  /// Not a search: so many executions with random priorities, for a scenario that has too many.
  std::uint64_t random = 0;
  std::uint64_t seed = 1;
  /// With random priorities: how often they change in one execution.
  unsigned changes = 3;
  /// Leave out executions that differ from another one only in what nobody can tell. Not together with a bound.
  bool reduce = true;
  /// The choices that a failing execution printed: that one execution only.
  const char* replay = nullptr;
};

struct report {
  std::uint64_t executions = 0;
  bool complete = false;           // the search went through all that the options ask for
  std::string failure;             // empty, or what went wrong, with the trace of the execution
  std::string replay;              // its choices
  std::set<std::string> outcomes;  // what scenario::outcome() was told

  [[nodiscard]] bool holds() const noexcept { return failure.empty() && complete; }
};

/// One execution, for the function that describes it.
class scenario {
 public:
  /// Makes something that the threads share; it goes when the scenario ends. On the heap, since clang 19 does not report
  /// accesses of a function to a part of its own local variable, not even if others can reach it.
  template <class T, class... Arguments>
  T& make(Arguments&&... arguments) {
    auto made = std::make_shared<T>(std::forward<Arguments>(arguments)...);
    T& out = *made;
    shared_.push_back(std::move(made));
    return out;
  }
  /// Another thread. What the scenario did before happens before it.
  void thread(const char* name, std::function<void()> body);
  /// Waits until all threads have ended; what they did happens before what follows.
  void join();
  /// What must hold. The execution ends here if it does not.
  void check(bool right, const char* what);
  /// One of the results that are possible.
  void outcome(const std::string& text);
  /// One of `count` alternatives, all of which are gone through.
  [[nodiscard]] unsigned choose(unsigned count);

 private:
  friend report explore(const options& how, const std::function<void(scenario&)>& what);
  scenario() = default;
  ~scenario();

  std::vector<std::shared_ptr<void>> shared_;
};

/// See await().
void await_flag(const void* flag, std::size_t size);

/// Goes through the executions of a scenario until one fails, and prints how many there were.
[[nodiscard]] report explore(const options& how, const std::function<void(scenario&)>& what);

/// A step of a spin loop, outside of production code, which has spin_pause().
void pause();
/// Lets others make a step, if they can. For a loop that looks busily for what another thread is about to do.
void yield();
/// Waits until the flag is set, and acquires it: as a spin loop would, in one step.
template <class Flag>
void await(const Flag& flag) {
  await_flag(&flag, sizeof flag);
}
/// Nanoseconds; moves on when a wait with a deadline times out.
[[nodiscard]] std::int64_t now() noexcept;
/// The number of the calling thread of the model.
[[nodiscard]] unsigned this_thread() noexcept;

}  // namespace charkha::model
