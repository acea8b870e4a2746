// SPDX-License-Identifier: Apache-2.0
#include "execution.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace charkha::model {

execution* execution::current_ = nullptr;

/// The checker's own code is not part of the model.
class execution::checker_scope {
 public:
  explicit checker_scope(execution& inside) noexcept : inside_(inside) { current_ = nullptr; }
  ~checker_scope() { current_ = &inside_; }
  checker_scope(const checker_scope&) = delete;
  checker_scope& operator=(const checker_scope&) = delete;

 private:
  execution& inside_;
};

namespace {

std::uintptr_t number(const void* at) { return reinterpret_cast<std::uintptr_t>(at); }

std::uint64_t peek(const void* at, std::size_t size) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, size);  // little-endian
  return value;
}

void poke(void* at, std::size_t size, std::uint64_t value) { std::memcpy(at, &value, size); }

std::uint64_t truncated(std::uint64_t value, std::size_t size) {
  return size == 8 ? value : value & ((std::uint64_t{1} << 8 * size) - 1);
}

constexpr std::size_t most_ways = 64;  // stores that an access chooses from: those behind are not met

constexpr bool is_sequential(std::memory_order order) { return order == std::memory_order_seq_cst; }

}  // namespace

execution::execution() = default;
execution::~execution() = default;

// ---- threads --------------------------------------------------------------------------------------------------------

bool execution::run(const std::function<void()>& body, choices& from, const limits& bounds, bool tracing) {
  memory_.clear();
  atomics_.clear();
  locations_used_ = 0;
  choices_ = &from;
  limits_ = bounds;
  body_ = &body;
  tracing_ = tracing;
  trace_ = {};
  redundant_ = failed_ = false;
  reduced_ = bounds.reduce && bounds.preemptions == ~0U && from.reduced();
  past_writes_ = past_pauses_ = {};
  starting_ = max_threads;
  asleep_ = 0;
  done_ = {};
  preemptions_ = spurious_ = 0;
  steps_ = 0;
  now_ = 0;
  failure_.clear();
  outcomes_.clear();
  change_points_.clear();
  if (from.from() == choices::source::seed) {
    for (unsigned i = 0; i < bounds.changes; ++i) {
      change_points_.push_back(1 + static_cast<unsigned>(from.random() % expected_steps_));
    }
  }
  count_ = 0;
  running_ = 0;
  alone_ = true;
  for (auto& thread : threads_) {
    thread.is = state::unused;
    thread.body = nullptr;  // not earlier: its memory must not come back within one execution
  }

  thread_of_model& first = threads_[0];
  first.name = "body";
  first.body = [this] { (*body_)(); };
  first.is = state::ready;
  first.clock = {};
  first.clock.tick(0);
  first.past = {};
  first.acted = first.may_be_fresher = false;
  first.looks.clear();
  first.priority = ~std::uint64_t{0};
  count_ = 1;
  prepare_stack(0);
  context::switch_over(home_, *first.stack);
  current_ = nullptr;

  expected_steps_ = std::max(expected_steps_, steps_);
  for (void* block : freed_) std::free(block);
  freed_.clear();
  if (failed_) {
    for (auto& thread : threads_) {
      // The stack stays with what lives on it.
      if (thread.is != state::unused) static_cast<void>(thread.stack.release());
    }
  }
  return !failed_;
}

std::string execution::trace_text() const {
  std::vector<std::string> names;
  for (const auto& thread : threads_) names.push_back(thread.name);
  return trace_.text(names);
}

void execution::prepare_stack(unsigned index) {
  if (!threads_[index].stack) threads_[index].stack = std::make_unique<context>(&run_thread, this);
}

void execution::run_thread(void* argument) {
  auto& inside = *static_cast<execution*>(argument);
  for (;;) {  // a stack serves one execution after the other
    thread_of_model& own = inside.self();
    current_ = &inside;
    try {
      own.body();
    } catch (...) {
      inside.fail("an exception left the thread");
    }
    current_ = nullptr;
    own.is = state::ended;
    if (inside.starting_ == inside.running_) {
      inside.starting_ = max_threads;
      inside.switch_to(inside.maker_);
    } else {
      inside.schedule();
    }
  }
}

void execution::spawn(std::string name, std::function<void()> body) {
  const checker_scope scope(*this);
  if (count_ == max_threads) {
    std::fputs("model: too many threads\n", stderr);
    std::abort();
  }
  const unsigned index = count_++;
  alone_ = false;
  thread_of_model& fresh = threads_[index];
  fresh.name = std::move(name);
  fresh.body = std::move(body);
  fresh.is = state::ready;
  fresh.clock = self().clock;
  fresh.clock.tick(index);
  fresh.past = self().past;
  fresh.pending = {};
  fresh.acted = fresh.may_be_fresher = false;
  fresh.looks.clear();
  if (choices_->from() == choices::source::seed) fresh.priority = choices_->random() | std::uint64_t{1} << 63;
  self().clock.tick(running_);
  prepare_stack(index);
  starting_ = index;
  maker_ = running_;
  switch_to(index);
}

void execution::switch_to(unsigned index) {
  if (index == running_) return;
  context& from = *self().stack;
  running_ = index;
  context::switch_over(from, *threads_[index].stack);
}

void execution::switch_home() {
  current_ = nullptr;
  context::switch_over(*self().stack, home_);
}

void execution::fail(const std::string& what) {
  current_ = nullptr;
  failure_ = threads_[running_].name + ": " + what;
  failed_ = true;
  switch_home();
  std::abort();
}

void execution::join() {
  const checker_scope scope(*this);
  const void* const code = __builtin_return_address(0);
  self().pending = {action::join, 0, std::memory_order_relaxed};
  self().is = state::joining;
  schedule();
  self().is = state::ready;
  for (unsigned i = 0; i < count_; ++i) {
    self().clock.join(threads_[i].clock);
    self().past.join(threads_[i].past);
  }
  alone_ = true;
  add_event({action::join, 0, std::memory_order_relaxed}, 0, 0, true, false, 0, code);
}

void execution::note_outcome(const std::string& text) {
  const checker_scope scope(*this);
  outcomes_.insert(text);
}

unsigned execution::choose(unsigned count) {
  const checker_scope scope(*this);
  return redundant_ ? 0 : choices_->pick(count);
}

// ---- who goes on ----------------------------------------------------------------------------------------------------

void execution::reach(const operation& what) {
  self().pending = what;
  if (starting_ == running_) {
    starting_ = max_threads;
    switch_to(maker_);
  } else {
    schedule();
  }
  self().acted = true;
}

bool execution::is_enabled(const thread_of_model& thread) const noexcept {
  switch (thread.is) {
    case state::ready:
      return true;
    case state::paused:
      return thread.may_be_fresher || thread.looks.empty() ||
             std::any_of(thread.looks.begin(), thread.looks.end(),
                         [](const auto& look) { return look.at->changes() != look.changes; });
    case state::yielding:
      return steps_ > thread.yielded_at;
    case state::blocked:
      return thread.woken || (thread.timed && !limits_.patient);
    case state::awaiting: {
      const auto known = atomics_.find(thread.pending.address);
      return known != atomics_.end() && known->second->newest().value != 0;
    }
    case state::joining:
      return std::all_of(threads_.begin(), threads_.begin() + count_,
                         [&](const thread_of_model& other) { return &other == &thread || other.is == state::ended; });
    default:
      return false;
  }
}

void execution::schedule() {
  if (++steps_ > limits_.steps) fail("more steps than allowed: does it ever end?");
  for (unsigned i = 0; i < count_; ++i) {
    if ((asleep_ >> i & 1) != 0 && depend(threads_[i].pending, done_)) asleep_ &= ~(1U << i);
  }
  unsigned enabled = 0;
  bool over = true;
  for (unsigned i = 0; i < count_; ++i) {
    if (is_enabled(threads_[i])) enabled |= 1U << i;
    over = over && threads_[i].is == state::ended;
  }
  if (over) {
    switch_home();
    return;
  }
  for (unsigned i = 0; enabled == 0 && i < count_; ++i) {
    if (threads_[i].is == state::yielding) enabled = 1U << i;
  }
  if (enabled == 0) {
    std::int64_t first = INT64_MAX;
    for (unsigned i = 0; i < count_; ++i) {
      const auto& thread = threads_[i];
      if (thread.is != state::blocked || !thread.timed || thread.deadline >= first) continue;
      first = thread.deadline;
      enabled = 1U << i;
    }
  }
  if (enabled == 0) fail_stuck();
  const unsigned next = choose_thread(enabled);
  asleep_ &= ~(1U << next);
  done_ = threads_[next].pending;
  switch_to(next);
}

unsigned execution::choose_thread(unsigned enabled) {
  // Whoever spins or is blocked gives way to all others; who does not goes on unless he is interrupted.
  const bool goes_on = self().is == state::ready && (enabled >> running_ & 1) != 0;
  const bool bounded = limits_.preemptions != ~0U;
  std::array<unsigned, max_threads> candidates{};
  unsigned count = 0;
  if (goes_on) candidates[count++] = running_;
  if (!goes_on || !bounded || preemptions_ < limits_.preemptions) {
    for (unsigned i = 0; i < count_; ++i) {
      if (i != running_ && (enabled >> i & 1) != 0) candidates[count++] = i;
    }
    if (!goes_on && (enabled >> running_ & 1) != 0) candidates[count++] = running_;
  }
  if (choices_->from() == choices::source::seed) return choose_by_priority(candidates, count);
  if (reduced_) {
    unsigned awake = 0;
    for (unsigned i = 0; i < count; ++i) {
      if ((asleep_ >> candidates[i] & 1) == 0) candidates[awake++] = candidates[i];
    }
    if (awake == 0) {
      redundant_ = true;  // goes on to its end, for what lives on the stacks
      asleep_ = 0;
      return candidates[0];
    }
    count = awake;
  }
  if (redundant_) return candidates[0];
  const unsigned chosen = choices_->pick(count);
  if (reduced_) {
    for (unsigned i = 0; i < chosen; ++i) asleep_ |= 1U << candidates[i];
  }
  if (goes_on && candidates[chosen] != running_) ++preemptions_;
  return candidates[chosen];
}

// Random priorities, and a few points at which the thread that runs becomes the last: an error that needs few ordered
// steps is then found with a probability that does not depend on the number of interleavings.
unsigned execution::choose_by_priority(const std::array<unsigned, max_threads>& candidates, unsigned count) {
  for (std::size_t i = 0; i < change_points_.size(); ++i) {
    if (change_points_[i] == steps_) self().priority = (std::uint64_t{1} << 40) + i;
  }
  unsigned best = 0;
  for (unsigned i = 1; i < count; ++i) {
    if (threads_[candidates[i]].priority > threads_[candidates[best]].priority) best = i;
  }
  return candidates[choices_->pick(count, best)];
}

void execution::fail_stuck() {
  std::ostringstream out;
  out << "deadlock or lost wake-up:";
  for (unsigned i = 0; i < count_; ++i) {
    const auto& thread = threads_[i];
    if (thread.is == state::ended || thread.is == state::joining) continue;
    out << " " << thread.name << (thread.is == state::paused ? " spins;" : " is blocked;");
  }
  fail(out.str());
}

void execution::pause(const void* code) {
  const checker_scope scope(*this);
  if (code == nullptr) code = __builtin_return_address(0);
  thread_of_model& own = self();
  if (!own.acted) return;  // several in a row are one
  own.may_be_fresher = false;
  const operation spin{action::pause, 0, std::memory_order_relaxed};
  if (starting_ == running_) reach(spin);
  own.pending = spin;
  for (const auto& look : own.looks) {
    if (look.at->oldest_readable(own.clock, false) + 1 != look.at->count()) own.may_be_fresher = true;
  }
  own.is = state::paused;
  schedule();
  own.is = state::ready;
  own.acted = false;
  // Stores become visible in the end: what it looked at it sees as it is now.
  for (const auto& look : own.looks) look.at->see_newest(running_, own.clock[running_]);
  own.past.join(past_writes_);
  own.past.learn(running_, own.clock[running_]);
  past_pauses_.join(own.past);
  own.clock.tick(running_);
  own.looks.clear();
  add_event(spin, 0, 0, true, false, 0, code);
}

void execution::yield(const void* code) {
  const checker_scope scope(*this);
  if (code == nullptr) code = __builtin_return_address(0);
  const operation what{action::pause, 0, std::memory_order_relaxed};
  if (starting_ == running_) reach(what);
  thread_of_model& own = self();
  own.pending = what;
  own.is = state::yielding;
  own.yielded_at = steps_ + 1;
  own.priority = (std::uint64_t{1} << 32) - steps_;  // behind all who did not, when a seed decides
  schedule();
  own.is = state::ready;
  own.past.join(past_writes_);
  past_pauses_.join(own.past);
  add_event(what, 0, 0, true, false, 0, code);
}

bool execution::block(const void* at, std::uint32_t expected, std::int64_t deadline, const void* code) {
  const checker_scope scope(*this);
  if (code == nullptr) code = __builtin_return_address(0);
  const operation what{action::block, number(at), std::memory_order_relaxed};
  reach(what);
  thread_of_model& own = self();
  location& word = find(number(at), sizeof expected, code);
  // The kernel looks at the word as it is, with whoever wakes kept out.
  word.note_read(word.count() - 1, running_, own.clock[running_], false);
  add_event(what, word.newest().value, 0, true, false, sizeof expected, code);
  note_past(word, what);
  own.clock.tick(running_);
  if (word.newest().value != expected) return true;
  own.is = state::blocked;
  own.woken = false;
  own.timed = deadline != INT64_MAX;
  own.deadline = deadline;
  own.pending = {action::block, number(at), std::memory_order_relaxed};
  schedule();
  own.is = state::ready;
  if (own.woken) return true;
  now_ = std::max(now_, deadline);
  return false;
}

void execution::wake(const void* at, int count, const void* code) {
  const checker_scope scope(*this);
  if (code == nullptr) code = __builtin_return_address(0);
  const operation what{action::wake, number(at), std::memory_order_relaxed};
  reach(what);
  note_past(find(number(at), sizeof(std::uint32_t), code), what);
  std::uint64_t woken = 0;
  for (unsigned i = 0; i < count_ && count > 0; ++i) {
    auto& thread = threads_[i];
    if (thread.is != state::blocked || thread.woken || thread.pending.address != number(at)) continue;
    thread.woken = true;
    thread.pending = {};
    thread.past.join(self().past);
    ++woken;
    --count;
  }
  add_event(what, woken, 0, true, false, 0, code);
  self().clock.tick(running_);
}

void execution::await(const void* at, std::size_t size, const void* code) {
  const checker_scope scope(*this);
  if (code == nullptr) code = __builtin_return_address(0);
  const operation what{action::await, number(at), std::memory_order_acquire};
  location& from = find(number(at), size, code);
  if (starting_ == running_) reach({});
  thread_of_model& own = self();
  own.pending = what;
  own.is = state::awaiting;
  schedule();
  own.is = state::ready;
  from.note_read(from.count() - 1, running_, own.clock[running_], false);
  if (from.newest().releases) own.clock.join(from.newest().released);
  add_event(what, from.newest().value, 0, true, false, size, code);
  note_past(from, what);
  own.clock.tick(running_);
}

// ---- memory ---------------------------------------------------------------------------------------------------------

location& execution::find(std::uintptr_t address, std::size_t size, const void* code) {
  const auto [entry, fresh] = atomics_.try_emplace(address, nullptr);
  if (!fresh) {
    if (!entry->second->initialised_for(self().clock)) {
      fail_race(address, {entry->second->initialiser(), 0, true}, false, code);
    }
    return *entry->second;
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (memory_.is_freed(address + i)) judge({plain_memory::fault::use_after_free, address, {}}, false, code);
    const auto written = memory_.last_write(address + i);
    if (!self().clock.knows(written.thread, written.when)) fail_race(address, written, false, code);
  }
  if (locations_used_ == locations_.size()) locations_.push_back(std::make_unique<location>());
  location& made = *locations_[locations_used_++];
  entry->second = &made;
  const auto written = memory_.last_write(address);
  made.begin(address, peek(reinterpret_cast<const void*>(address), size), written.thread, written.when);
  memory_.atomics(address) |= static_cast<std::uint8_t>(1U << address % 8);
  return made;
}

// An access that meets an old value, or that is put before newer stores, is often one that might as well have been made
// before those stores were executed. A search of every interleaving has such an execution, too: this one is left out.
// Not for sequentially consistent accesses, whose order says more.
bool execution::is_redundant(const location& where, std::size_t index, std::memory_order order) const noexcept {
  return reduced_ && !is_sequential(order) && index + 1 != where.count() &&
         where.could_come_earlier(index, threads_[running_].past);
}

void execution::note_past(location& where, const operation& what) noexcept {
  thread_of_model& own = self();
  const bool writes = what.writes() || is_sequential(what.order);
  own.past.join(writes ? where.past_accesses : where.past_writes);
  if (writes) own.past.join(past_pauses_);
  own.past.learn(running_, own.clock[running_]);
  where.past_accesses.join(own.past);
  if (!writes) return;
  where.past_writes.join(own.past);
  past_writes_.join(own.past);
}

// What an access meets. If interruptions are bounded, meeting anything but the newest counts as one.
unsigned execution::pick_value(unsigned count) {
  if (redundant_) return 0;
  if (preemptions_ >= limits_.preemptions) return 0;
  const unsigned choice = choices_->pick(count);
  if (choice != 0 && limits_.preemptions != ~0U) ++preemptions_;
  return choice;
}

void execution::note_look(location& at) {
  auto& looks = self().looks;
  const auto known = std::find_if(looks.begin(), looks.end(), [&](const auto& look) { return look.at == &at; });
  if (known == looks.end()) {
    looks.push_back({&at, at.changes()});
  } else {
    known->changes = at.changes();
  }
}

std::uint64_t execution::load(const void* at, std::size_t size, std::memory_order order, const void* code) {
  const checker_scope scope(*this);
  if (code == nullptr) code = __builtin_return_address(0);
  const operation what{action::load, number(at), order};
  reach(what);
  thread_of_model& own = self();
  location& from = find(number(at), size, code);
  const std::size_t oldest = from.oldest_readable(own.clock, is_sequential(order));
  std::array<std::size_t, most_ways> readable{};
  unsigned count = 0;
  for (std::size_t i = from.count(); i-- > oldest && count < readable.size();) {
    if (!is_redundant(from, i, order)) readable[count++] = i;
  }
  const unsigned choice = pick_value(count);
  const std::size_t index = readable[choice];
  const auto& met = from[index];
  from.note_read(index, running_, own.clock[running_], is_sequential(order));
  if (acquires(order) && met.releases) own.clock.join(met.released);
  note_look(from);
  add_event(what, met.value, 0, true, choice != 0, size, code);
  note_past(from, what);
  own.clock.tick(running_);
  return met.value;
}

void execution::store(void* at, std::size_t size, std::uint64_t value, std::memory_order order, const void* code) {
  const checker_scope scope(*this);
  if (code == nullptr) code = __builtin_return_address(0);
  const operation what{action::store, number(at), order};
  reach(what);
  thread_of_model& own = self();
  location& to = find(number(at), size, code);
  // Places, from the end of the modification order.
  std::array<std::size_t, most_ways> places{};
  unsigned count = 0;
  const std::size_t oldest = to.oldest_readable(own.clock, is_sequential(order));
  for (std::size_t i = to.count(); i-- > oldest && count < places.size();) {
    if (to.has_place_behind(i) && !is_redundant(to, i, order)) places[count++] = i;
  }
  const unsigned choice = pick_value(count);
  value = truncated(value, size);
  note_past(to, what);
  to.insert_behind(places[choice],
                   {.value = value,
                    .at = 0,
                    .by_read_modify_write = false,
                    .releases = releases(order),
                    .released = releases(order) ? own.clock : vector_clock(),
                    .past = own.past},
                   running_, own.clock[running_], is_sequential(order));
  own.looks.clear();  // no idle turn of a spin loop
  poke(at, size, to.newest().value);
  add_event(what, value, 0, true, choice != 0, size, code);
  own.clock.tick(running_);
}

std::uint64_t execution::read_modify_write(void* at, std::size_t size, modify how, std::uint64_t operand,
                                           std::memory_order order, const void* code) {
  const checker_scope scope(*this);
  if (code == nullptr) code = __builtin_return_address(0);
  const operation what{action::read_modify_write, number(at), order};
  reach(what);
  thread_of_model& own = self();
  location& word = find(number(at), size, code);
  std::array<std::size_t, most_ways> places{};
  unsigned count = 0;
  const std::size_t oldest = word.oldest_readable(own.clock, is_sequential(order));
  for (std::size_t i = word.count(); i-- > oldest && count < places.size();) {
    if (word.has_place_behind(i) && !is_redundant(word, i, order)) places[count++] = i;
  }
  const unsigned choice = pick_value(count);
  const std::size_t index = places[choice];
  const auto met = word[index];
  const moment now = own.clock[running_];
  word.note_read(index, running_, now, is_sequential(order));
  if (acquires(order) && met.releases) own.clock.join(met.released);
  const std::uint64_t after = truncated(how(met.value, operand), size);
  // If nothing changes and nothing is released, it is a load to the others: an attempt to take a lock that is taken.
  if (after == met.value && !releases(order)) done_.what = action::load;
  note_past(word, done_);
  location::store made{.value = after,
                       .at = 0,
                       .by_read_modify_write = true,
                       .releases = met.releases || releases(order),
                       .released = {},
                       .past = own.past};
  if (met.releases) made.released = met.released;
  if (releases(order)) made.released.join(own.clock);
  word.insert_behind(index, made, running_, now, is_sequential(order));
  if (made.value == met.value) {
    note_look(word);
  } else {
    own.looks.clear();
  }
  poke(at, size, word.newest().value);
  add_event(what, met.value, made.value, true, choice != 0, size, code);
  own.clock.tick(running_);
  return met.value;
}

bool execution::compare_exchange(void* at, std::size_t size, std::uint64_t& expected, std::uint64_t desired,
                                 std::memory_order success, std::memory_order failure, bool weak, const void* code) {
  const checker_scope scope(*this);
  if (code == nullptr) code = __builtin_return_address(0);
  const operation what{action::compare_exchange, number(at), success};
  reach(what);
  thread_of_model& own = self();
  location& word = find(number(at), size, code);
  struct way {
    std::size_t index;
    bool succeeds;
  };
  std::array<way, most_ways> ways{};
  unsigned count = 0;
  const std::size_t oldest_won = word.oldest_readable(own.clock, is_sequential(success));
  const std::size_t oldest_lost = word.oldest_readable(own.clock, is_sequential(failure));
  bool spurious = weak && spurious_ < limits_.spurious_failures;
  for (std::size_t i = word.count(); i-- > std::min(oldest_won, oldest_lost) && count + 2 < ways.size();) {
    if (word[i].value == expected) {
      if (i >= oldest_won && word.has_place_behind(i) && !is_redundant(word, i, success)) ways[count++] = {i, true};
    } else if (i >= oldest_lost && !is_redundant(word, i, failure)) {
      ways[count++] = {i, false};
    }
  }
  // It may fail without a reason with any value, but then it fails with the one that it looks for.
  if (spurious) {
    for (std::size_t i = word.count(); i-- > oldest_lost && count < ways.size();) {
      if (word[i].value == expected) {
        ways[count++] = {i, false};
        break;
      }
    }
  }
  const unsigned choice = pick_value(count);
  const way taken = ways[choice];
  const auto met = word[taken.index];
  const moment now = own.clock[running_];
  const bool stale = taken.index + 1 != word.count();
  if (!taken.succeeds) done_ = {action::load, what.address, failure};
  note_past(word, done_);
  if (taken.succeeds) {
    word.note_read(taken.index, running_, now, is_sequential(success));
    if (acquires(success) && met.releases) own.clock.join(met.released);
    location::store made{.value = truncated(desired, size),
                         .at = 0,
                         .by_read_modify_write = true,
                         .releases = met.releases || releases(success),
                         .released = {},
                         .past = own.past};
    if (met.releases) made.released = met.released;
    if (releases(success)) made.released.join(own.clock);
    word.insert_behind(taken.index, made, running_, now, is_sequential(success));
    poke(at, size, word.newest().value);
    add_event(what, met.value, made.value, true, stale, size, code);
  } else {
    if (met.value == expected) ++spurious_;
    word.note_read(taken.index, running_, now, is_sequential(failure));
    if (acquires(failure) && met.releases) own.clock.join(met.released);
    add_event({what.what, what.address, failure}, met.value, 0, false, stale, size, code);
    expected = met.value;
    note_look(word);
  }
  if (taken.succeeds) own.looks.clear();
  own.clock.tick(running_);
  return taken.succeeds;
}

void execution::read(const void* at, std::size_t size, const void* code) {
  const checker_scope scope(*this);
  add_event({action::read, number(at), std::memory_order_relaxed}, 0, 0, true, false, size, code);
  if (!alone_) judge(memory_.read(number(at), size, running_, self().clock), false, code);
  if (!alone_) forget_atomics(number(at), size, false, code);
}

void execution::write(const void* at, std::size_t size, const void* code) {
  const checker_scope scope(*this);
  add_event({action::write, number(at), std::memory_order_relaxed}, 0, 0, true, false, size, code);
  if (!alone_) judge(memory_.write(number(at), size, running_, self().clock), true, code);
  if (!atomics_.empty()) forget_atomics(number(at), size, true, code);
}

void execution::free(void* at, const void* code) {
  if (at == nullptr) return;
  const checker_scope scope(*this);
  const std::size_t size = malloc_usable_size(at);
  add_event({action::free, number(at), std::memory_order_relaxed}, 0, 0, true, false, size, code);
  if (!alone_) {
    judge(memory_.free(number(at), size, running_, self().clock), true, code);
    forget_atomics(number(at), size, true, code);
  }
  freed_.push_back(at);
}

// A plain access to an atomic variable begins or ends its life, and must be ordered with all accesses in between.
void execution::forget_atomics(std::uintptr_t address, std::size_t size, bool writes, const void* code) {
  for (std::uintptr_t word = address & ~std::uintptr_t{7}; word < address + size; word += 8) {
    auto& known = memory_.atomics(word);
    if (known == 0) continue;
    for (unsigned byte = 0; byte < 8; ++byte) {
      const auto at = word + byte;
      if ((known >> byte & 1) == 0 || at < address || at >= address + size) continue;
      const auto entry = atomics_.find(at);
      const unsigned other = entry->second->unknown_access(self().clock, !writes);
      if (other != max_threads) fail_race(at, {other, 0, true}, writes, code);
      if (!writes) continue;
      atomics_.erase(entry);
      known &= static_cast<std::uint8_t>(~(1U << byte));
    }
  }
}

void execution::judge(const plain_memory::verdict& found, bool writes, const void* code) {
  switch (found.what) {
    case plain_memory::fault::none:
      return;
    case plain_memory::fault::race:
      fail_race(found.address, found.other, writes, code);
    case plain_memory::fault::use_after_free:
      fail("use of memory that was freed, at " + (tracing_ ? trace::place(code) : std::string("?")));
  }
}

void execution::fail_race(std::uintptr_t address, const plain_memory::event& other, bool writes, const void* code) {
  std::string text = std::string("data race: ") + (writes ? "writes" : "reads") + " what " +
                     threads_[other.thread].name + (other.writes ? " wrote" : " read");
  if (tracing_) {
    text += "\n    at " + trace::place(code);
    const auto* before = other.when == 0 ? trace_.find_atomic(other.thread, address)
                                         : trace_.find(other.thread, other.when, address, other.writes);
    if (before != nullptr) text += "\n    and " + trace::place(before->code);
  }
  fail(text);
}

void execution::add_event(const operation& what, std::uint64_t value, std::uint64_t written, bool succeeded, bool stale,
                          std::size_t size, const void* code) {
  if (!tracing_) return;
  trace_.add({running_, self().clock[running_], what, value, written, succeeded, stale, size, code});
}

}  // namespace charkha::model
