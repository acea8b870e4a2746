// SPDX-License-Identifier: Apache-2.0
#include "scenario.hpp"

#include <sys/single_threaded.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "execution.hpp"

namespace charkha::model {

scenario::~scenario() {
  while (!shared_.empty()) shared_.pop_back();
}

void scenario::thread(const char* name, std::function<void()> body) {
  execution::current()->spawn(name, std::move(body));
}
void scenario::join() { execution::current()->join(); }
void scenario::check(bool right, const char* what) {
  if (!right) execution::current()->fail(std::string("does not hold: ") + what);
}
void scenario::outcome(const std::string& text) { execution::current()->note_outcome(text); }
unsigned scenario::choose(unsigned count) { return execution::current()->choose(count); }

void pause() {
  if (auto* const run = execution::current()) run->pause(__builtin_return_address(0));
}
void yield() {
  if (auto* const run = execution::current()) run->yield(__builtin_return_address(0));
}
void await_flag(const void* flag, std::size_t size) {
  execution::current()->await(flag, size, __builtin_return_address(0));
}
std::int64_t now() noexcept {
  auto* const run = execution::current();
  return run == nullptr ? 0 : run->now();
}
unsigned this_thread() noexcept {
  auto* const run = execution::current();
  return run == nullptr ? 0 : run->thread();
}

report explore(const options& how, const std::function<void(scenario&)>& what) {
  // One for all: the stacks and the shadow of the memory are used again.
  static auto* const run = new execution;
  __libc_single_threaded = 0;  // else std::shared_ptr counts without atomics: this program has one thread
  const auto begin = std::chrono::steady_clock::now();
  const limits bounds{how.preemptions, how.spurious_failures, how.changes, how.steps, how.reduce, how.patient};
  const std::function<void()> body = [&] {
    scenario self;
    what(self);
  };
  report found;
  const char* const asked = std::getenv("CHARKHA_MODEL_REPLAY");
  const char* const replay = asked != nullptr ? asked : how.replay;
  std::uint64_t redundant = 0;
  unsigned longest = 0;

  choices search = replay != nullptr ? choices(std::string_view(replay)) : choices();
  for (;;) {
    choices random(how.seed + found.executions);
    choices& from = how.random != 0 && replay == nullptr ? random : search;
    ++found.executions;
    const bool right = run->run(body, from, bounds, replay != nullptr);
    if (run->redundant()) ++redundant;
    longest = std::max(longest, run->steps());
    found.outcomes.insert(run->outcomes().begin(), run->outcomes().end());
    if (!right) {
      found.replay = from.text();
      from.rewind();
      static_cast<void>(run->run(body, from, bounds, true));
      found.failure = run->failure() + "\n  replay: " + found.replay + "\n" + run->trace_text();
      break;
    }
    if (replay != nullptr) {
      std::printf("%s", run->trace_text().c_str());
      found.complete = true;
      break;
    }
    if (how.random != 0) {
      found.complete = found.executions == how.random;
      if (found.complete) break;
      continue;
    }
    if (!search.advance()) {
      found.complete = true;
      break;
    }
    if (found.executions == how.executions) break;
  }

  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::string extent = "every interleaving";
  if (how.random != 0) {
    extent = "random from seed " + std::to_string(how.seed);
  } else if (how.preemptions != options::unbounded) {
    extent = "up to " + std::to_string(how.preemptions) + " preemptions";
  }
  std::printf("model: %-58s %9llu executions (%llu redundant), %u steps, %.2f s, %s%s\n", how.name,
              static_cast<unsigned long long>(found.executions), static_cast<unsigned long long>(redundant), longest,
              took.count(), extent.c_str(),
              !found.failure.empty() ? ": FAILS" : (found.complete ? "" : ": NOT COMPLETE"));
  std::fflush(stdout);
  return found;
}

}  // namespace charkha::model
