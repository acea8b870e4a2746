// SPDX-License-Identifier: Apache-2.0
// The state word: each transition, all short interleavings of an owner, completers and cancellers, and threads.
#include "charkha/detail/task_state.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

using charkha::detail::cancel_result;
using charkha::detail::claim_result;
using charkha::detail::look_result;
using charkha::detail::release_result;
using charkha::detail::suspend_result;
using charkha::detail::task_state;

namespace {

// Legal sequences of calls, all of them, by replaying a list of choices and counting it up like an odometer.
class choices {
 public:
  std::size_t pick(std::size_t count) {
    if (position_ == taken_.size()) taken_.push_back({0, count});
    return taken_[position_++].chosen;
  }
  bool next() {
    position_ = 0;
    while (!taken_.empty()) {
      if (++taken_.back().chosen < taken_.back().count) return true;
      taken_.pop_back();
    }
    return false;
  }

 private:
  struct choice {
    std::size_t chosen, count;
  };
  std::vector<choice> taken_;
  std::size_t position_ = 0;
};

// One owner with `waits` waits, a completer for each wait, some cancellers and lookers that come at any time.
class world {
 public:
  world(std::uint32_t first_wait, std::size_t waits, std::size_t cancellers, std::size_t lookers)
      : state_(first_wait), completers_(waits), closed_by_(waits, 0), cancellers_(cancellers), lookers_(lookers) {}

  // Runs until nobody can move. False: something that must hold did not.
  bool run(choices& choose) {
    for (;;) {
      enabled_.clear();
      if (owner_can_move()) enabled_.push_back({role::owner, 0});
      for (std::size_t i = 0; i < completers_.size(); ++i) {
        if (completers_[i].begun && !completers_[i].done) enabled_.push_back({role::completer, i});
      }
      for (std::size_t i = 0; i < cancellers_.size(); ++i) {
        if (cancellers_[i] != canceller::done) {
          enabled_.push_back({role::canceller, i});
        }
      }
      for (std::size_t i = 0; i < lookers_.size(); ++i) {
        if (lookers_[i] != looker::done) enabled_.push_back({role::looker, i});
      }
      if (enabled_.empty()) break;
      const auto who = enabled_[choose.pick(enabled_.size())];
      switch (who.what) {
        case role::owner:
          move_owner(choose);
          break;
        case role::completer:
          move_completer(who.index);
          break;
        case role::canceller:
          move_canceller(who.index, choose);
          break;
        case role::looker:
          move_looker(who.index, choose);
          break;
      }
    }
    expect(owner_ == owner::done, "the owner ends");
    for (const int closers : closed_by_) expect(closers == 1, "each wait is closed exactly once");
    expect(state_.is_done(), "done");
    return wrong_.empty();
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  enum class role : std::uint8_t { owner, completer, canceller, looker };
  enum class owner : std::uint8_t { active, suspending, suspended, resumed, done };
  static constexpr int nobody = -1;
  enum class canceller : std::uint8_t { idle, holding, done };
  enum class looker : std::uint8_t { idle, holding, cancelling, done };
  struct actor {
    role what;
    std::size_t index;
  };
  struct completer_side {
    std::uint32_t number = 0;
    bool begun = false, done = false;
  };

  void expect(bool right, const char* what) {
    if (!right) wrong_ += std::string(what) + "; ";
  }
  bool owner_can_move() const { return holder_ != nobody || (owner_ != owner::suspended && owner_ != owner::done); }

  void move_owner(choices& choose) {
    if (holder_ != nobody) {  // its worker acts as the canceller of the request that it found when it suspended
      if (let_go(choose)) holder_ = nobody;
      return;
    }
    switch (owner_) {
      case owner::active:
        if (wait_ == completers_.size()) {
          expect(state_.finish() == pending_, "finish() tells of an undelivered request");
          owner_ = owner::done;
          return;
        }
        completers_[wait_].number = state_.begin_wait();
        completers_[wait_].begun = true;
        owner_ = owner::suspending;
        return;
      case owner::suspending:
        switch (state_.suspend(completers_[wait_].number)) {
          case suspend_result::suspended:
            expect(!pending_, "a pending request is not slept over");
            owner_ = owner::suspended;
            return;
          case suspend_result::completed:
            expect(closed_by_[wait_] == 1, "only a closed wait is not slept in");
            owner_ = owner::resumed;
            return;
          case suspend_result::cancel_first:
            expect(pending_, "there was a request");
            pending_ = false;
            held_ = true;
            owner_ = owner::suspended;
            holder_ = 0;
            return;
        }
        return;
      case owner::resumed:
        expect(state_.take_cancel() == pending_, "a request is delivered at the resumption, once");
        expect(!state_.take_cancel(), "and not again");
        pending_ = false;
        ++wait_;
        owner_ = owner::active;
        return;
      case owner::suspended:
      case owner::done:
        return;
    }
  }

  void move_completer(std::size_t index) {
    auto& self = completers_[index];
    self.done = true;
    switch (state_.claim(self.number)) {
      case claim_result::lost:
        expect(closed_by_[index] == 1, "a completer loses only a closed wait");
        return;
      case claim_result::make_ready:
        ++closed_by_[index];
        resume();
        return;
      case claim_result::closed:
        ++closed_by_[index];
        expect(owner_ == owner::suspending || held_, "somebody else carries the task on");
        return;
    }
  }

  void move_canceller(std::size_t index, choices& choose) {
    if (cancellers_[index] == canceller::holding) {
      if (let_go(choose)) cancellers_[index] = canceller::done;
      return;
    }
    cancellers_[index] = canceller::done;
    switch (state_.hold_for_cancel()) {
      case cancel_result::refused:
        expect(owner_ == owner::done, "only a done task refuses");
        return;
      case cancel_result::noted:
        expect(owner_ != owner::suspended || closed_by_[wait_] == 1 || held_, "a waiting task is held");
        pending_ = true;
        return;
      case cancel_result::held:
        expect(owner_ == owner::suspended && closed_by_[wait_] == 0 && !held_, "an open wait is held, by one");
        held_ = true;
        cancellers_[index] = canceller::holding;
        return;
    }
  }

  void move_looker(std::size_t index, choices& choose) {
    looker& self = lookers_[index];
    switch (self) {
      case looker::idle: {
        const auto requests = state_.cancelling();
        const bool open = owner_ == owner::suspended && closed_by_[wait_] == 0;
        switch (state_.hold_to_look()) {
          case look_result::running:
            expect(!open, "a waiting task is looked at");
            self = looker::done;
            return;
          case look_result::busy:
            expect(open && (held_ || pending_), "only a task that is held or has a request is busy");
            self = looker::done;
            return;
          case look_result::held:
            expect(open && !held_ && !pending_, "an open wait is held, by one");
            expect(state_.cancelling() == requests, "a look is no request");
            held_ = true;
            self = looker::holding;
            return;
        }
        return;
      }
      case looker::holding:
        self = release() ? looker::done : looker::cancelling;
        return;
      case looker::cancelling:
        if (let_go(choose)) self = looker::done;
        return;
      case looker::done:
        return;
    }
  }

  // False: still held, since another request came meanwhile.
  bool let_go(choices& choose) {
    const bool open = closed_by_[wait_] == 0;
    switch (choose.pick(3)) {
      case 0:
        held_ = false;
        state_.close_hold();
        if (open) ++closed_by_[wait_];
        pending_ = true;
        resume();
        return true;
      case 1:
        return release();
      default:
        held_ = false;
        pending_ = true;
        const auto released = state_.release_hold_undelivered();
        expect(released == (open ? release_result::waits : release_result::make_ready), "as above");
        if (released == release_result::make_ready) resume();
        return true;
    }
  }

  // False: still held, since a request came meanwhile.
  bool release() {
    const bool open = closed_by_[wait_] == 0;
    switch (state_.release_hold()) {
      case release_result::again:
        expect(open && pending_, "a request came while the task was held and waits on");
        pending_ = false;
        return false;
      case release_result::make_ready:
        held_ = false;
        expect(!open, "a released task that is to be made ready was closed");
        resume();
        return true;
      case release_result::waits:
        held_ = false;
        expect(open && !pending_, "a released task that is not closed waits on");
        return true;
    }
    return true;
  }

  void resume() {
    expect(owner_ == owner::suspended, "only a suspended task is made ready, once");
    expect(!held_, "a held task is not made ready");
    owner_ = owner::resumed;
  }

  task_state state_;
  std::vector<completer_side> completers_;
  std::vector<int> closed_by_;  // per wait
  std::vector<canceller> cancellers_;
  std::vector<looker> lookers_;
  std::vector<actor> enabled_;
  owner owner_ = owner::active;
  std::size_t wait_ = 0;
  int holder_ = nobody;  // 0: the owner's worker holds it
  bool held_ = false;
  bool pending_ = false;  // a request that the next resumption, suspension or end must see
  std::string wrong_;
};

std::size_t explore(std::uint32_t first_wait, std::size_t waits, std::size_t cancellers, std::size_t lookers = 0) {
  choices choose;
  std::size_t sequences = 0;
  do {
    world here(first_wait, waits, cancellers, lookers);
    if (!here.run(choose)) {
      CAPTURE(sequences);
      CAPTURE(here.wrong());
      FAIL("an interleaving goes wrong");
    }
    ++sequences;
  } while (choose.next());
  return sequences;
}

}  // namespace

TEST_CASE("a wait is completed before, while and after its task suspends") {
  task_state state;
  const auto first = state.begin_wait();
  CHECK(state.suspend(first) == suspend_result::suspended);
  CHECK(state.is_waiting());
  CHECK(state.claim(first) == claim_result::make_ready);
  CHECK_FALSE(state.is_waiting());
  CHECK(state.claim(first) == claim_result::lost);
  CHECK_FALSE(state.take_cancel());

  const auto second = state.begin_wait();
  CHECK(second == first + 1);
  CHECK(state.claim(second) == claim_result::closed);  // its owner is still suspending
  CHECK(state.suspend(second) == suspend_result::completed);
  CHECK_FALSE(state.finish());
  CHECK(state.is_done());
}

TEST_CASE("a stale completer cannot touch a later wait") {
  task_state state;
  const auto first = state.begin_wait();
  CHECK(state.suspend(first) == suspend_result::suspended);
  CHECK(state.hold_for_cancel() == cancel_result::held);
  state.close_hold();
  CHECK(state.take_cancel());
  const auto second = state.begin_wait();
  CHECK(state.suspend(second) == suspend_result::suspended);
  CHECK(state.claim(first) == claim_result::lost);
  CHECK(state.is_waiting());
  CHECK(state.claim(second) == claim_result::make_ready);
}

TEST_CASE("a request to a running task is kept for its next suspension") {
  task_state state;
  CHECK(state.hold_for_cancel() == cancel_result::noted);
  CHECK(state.cancel_pending());
  const auto wait = state.begin_wait();
  CHECK(state.suspend(wait) == suspend_result::cancel_first);
  CHECK_FALSE(state.cancel_pending());
  state.close_hold();
  CHECK(state.take_cancel());
  CHECK_FALSE(state.take_cancel());
  CHECK_FALSE(state.finish());
}

TEST_CASE("a request that comes after the completion and before the resumption wins") {
  task_state state;
  const auto wait = state.begin_wait();
  CHECK(state.suspend(wait) == suspend_result::suspended);
  CHECK(state.claim(wait) == claim_result::make_ready);
  CHECK(state.hold_for_cancel() == cancel_result::noted);
  CHECK(state.take_cancel());
}

TEST_CASE("a completer leaves a held task to its holder") {
  task_state state;
  const auto wait = state.begin_wait();
  CHECK(state.suspend(wait) == suspend_result::suspended);
  CHECK(state.hold_for_cancel() == cancel_result::held);
  CHECK(state.claim(wait) == claim_result::closed);
  SUBCASE("who closes: the request still wins") {
    state.close_hold();
    CHECK(state.take_cancel());
  }
  SUBCASE("who passes the request on: the task goes on uncancelled") {
    CHECK(state.release_hold() == release_result::make_ready);
    CHECK_FALSE(state.take_cancel());
  }
  SUBCASE("who could not pass it on: the request stays") {
    CHECK(state.release_hold_undelivered() == release_result::make_ready);
    CHECK(state.take_cancel());
  }
}

TEST_CASE("a request that was passed on leaves the task waiting") {
  task_state state;
  const auto wait = state.begin_wait();
  CHECK(state.suspend(wait) == suspend_result::suspended);
  CHECK(state.hold_for_cancel() == cancel_result::held);
  CHECK(state.release_hold() == release_result::waits);
  CHECK(state.is_waiting());
  CHECK(state.hold_for_cancel() == cancel_result::held);
  CHECK(state.release_hold_undelivered() == release_result::waits);
  CHECK(state.is_waiting());
  CHECK(state.claim(wait) == claim_result::make_ready);
  CHECK(state.take_cancel());
  CHECK(state.cancelling() == 2);
}

TEST_CASE("a request that comes while the task is held is left to the holder") {
  task_state state;
  const auto wait = state.begin_wait();
  CHECK(state.suspend(wait) == suspend_result::suspended);
  CHECK(state.hold_for_cancel() == cancel_result::held);
  CHECK(state.hold_for_cancel() == cancel_result::noted);
  CHECK(state.cancelling() == 2);
  SUBCASE("who passes it on, too, and then lets go") {
    CHECK(state.release_hold() == release_result::again);
    CHECK(state.release_hold() == release_result::waits);
    CHECK_FALSE(state.cancel_pending());
  }
  SUBCASE("who closes the wait: both are delivered at once") {
    state.close_hold();
    CHECK(state.take_cancel());
    CHECK_FALSE(state.take_cancel());
  }
  SUBCASE("who finds the wait closed: it stays for the resumption") {
    CHECK(state.claim(wait) == claim_result::closed);
    CHECK(state.release_hold() == release_result::make_ready);
    CHECK(state.take_cancel());
  }
}

TEST_CASE("a retired task is done, whatever it did, and refuses") {
  task_state fresh;
  fresh.retire();
  CHECK(fresh.is_done());
  task_state waiting;
  const auto wait = waiting.begin_wait();
  CHECK(waiting.suspend(wait) == suspend_result::suspended);
  waiting.retire();
  CHECK(waiting.is_done());
  CHECK_FALSE(waiting.is_waiting());
  CHECK(waiting.hold_for_cancel() == cancel_result::refused);
}

TEST_CASE("retiring waits until a holder has let go") {
  for (int i = 0; i < 200; ++i) {
    task_state state;
    const auto wait = state.begin_wait();
    CHECK(state.suspend(wait) == suspend_result::suspended);
    CHECK(state.hold_for_cancel() == cancel_result::held);
    int frame = 1;  // what the holder looks at
    std::thread other([&] {
      state.retire();
      frame = 0;
    });
    CHECK(frame == 1);
    CHECK(state.release_hold() == release_result::waits);
    other.join();
    CHECK(frame == 0);
  }
}

TEST_CASE("finish tells of an undelivered request, and a done task refuses") {
  task_state state;
  CHECK(state.hold_for_cancel() == cancel_result::noted);
  CHECK(state.finish());
  CHECK(state.hold_for_cancel() == cancel_result::refused);
  CHECK(state.cancelling() == 1);
}

TEST_CASE("restore_cancel puts a delivered request back") {
  task_state state;
  CHECK(state.hold_for_cancel() == cancel_result::noted);
  CHECK(state.take_cancel());
  state.restore_cancel();
  CHECK(state.cancel_pending());
  CHECK(state.cancelling() == 1);  // it was not asked again
  CHECK(state.take_cancel());
}

TEST_CASE("uncancel counts down, and at none withdraws an undelivered request") {
  task_state state;
  CHECK(state.uncancel() == 0);
  CHECK(state.hold_for_cancel() == cancel_result::noted);
  CHECK(state.hold_for_cancel() == cancel_result::noted);
  CHECK(state.cancelling() == 2);
  CHECK(state.uncancel() == 1);
  CHECK(state.cancel_pending());
  CHECK(state.uncancel() == 0);
  CHECK_FALSE(state.cancel_pending());
  CHECK_FALSE(state.take_cancel());
  CHECK(state.uncancel() == 0);
}

TEST_CASE("uncancel does not withdraw a wait that a canceller closed") {
  task_state state;
  const auto wait = state.begin_wait();
  CHECK(state.suspend(wait) == suspend_result::suspended);
  CHECK(state.hold_for_cancel() == cancel_result::held);
  state.close_hold();
  CHECK(state.uncancel() == 0);
  CHECK(state.take_cancel());
}

TEST_CASE("the count of requests saturates and leaves its neighbours alone") {
  task_state state(7);
  constexpr std::uint32_t most = (std::uint32_t{1} << 24) - 1;
  for (std::uint32_t i = 0; i < most + 3; ++i) static_cast<void>(state.hold_for_cancel());
  CHECK(state.cancelling() == most);
  CHECK(state.begin_wait() == 7);
  CHECK_FALSE(state.is_done());
  CHECK(state.uncancel() == most - 1);
}

TEST_CASE("the wait number wraps around and stays apart from the flags") {
  task_state state(UINT32_MAX - 1);
  for (const std::uint32_t expected : {UINT32_MAX - 1, UINT32_MAX, std::uint32_t{0}, std::uint32_t{1}}) {
    const auto wait = state.begin_wait();
    CHECK(wait == expected);
    CHECK(state.suspend(wait) == suspend_result::suspended);
    CHECK(state.claim(wait - 1) == claim_result::lost);
    CHECK(state.claim(wait) == claim_result::make_ready);
    CHECK_FALSE(state.is_waiting());
    CHECK(state.cancelling() == 0);
  }
  CHECK(state.claim(UINT32_MAX) == claim_result::lost);
  CHECK_FALSE(state.finish());
}

TEST_CASE("a look holds an open wait, counts no request and leaves the task waiting") {
  task_state state;
  CHECK(state.hold_to_look() == look_result::running);
  const auto wait = state.begin_wait();
  CHECK(state.hold_to_look() == look_result::running);  // has not suspended yet
  CHECK(state.suspend(wait) == suspend_result::suspended);
  CHECK(state.hold_to_look() == look_result::held);
  CHECK(state.hold_to_look() == look_result::busy);
  CHECK(state.release_hold() == release_result::waits);
  CHECK(state.is_waiting());
  CHECK(state.cancelling() == 0);
  CHECK(state.claim(wait) == claim_result::make_ready);
  CHECK_FALSE(state.take_cancel());
  CHECK(state.hold_to_look() == look_result::running);
  CHECK_FALSE(state.finish());
  CHECK(state.hold_to_look() == look_result::running);
}

TEST_CASE("whoever looks carries on what came meanwhile") {
  task_state state;
  const auto wait = state.begin_wait();
  CHECK(state.suspend(wait) == suspend_result::suspended);
  CHECK(state.hold_to_look() == look_result::held);
  SUBCASE("a completion: the task is made ready") {
    CHECK(state.claim(wait) == claim_result::closed);
    CHECK(state.release_hold() == release_result::make_ready);
    CHECK_FALSE(state.take_cancel());
  }
  SUBCASE("a request: the looker is now its canceller") {
    CHECK(state.hold_for_cancel() == cancel_result::noted);
    CHECK(state.release_hold() == release_result::again);
    state.close_hold();
    CHECK(state.take_cancel());
    CHECK(state.cancelling() == 1);
  }
  SUBCASE("both: the request is there when the task resumes") {
    CHECK(state.hold_for_cancel() == cancel_result::noted);
    CHECK(state.claim(wait) == claim_result::closed);
    CHECK(state.release_hold() == release_result::make_ready);
    CHECK(state.take_cancel());
  }
}

TEST_CASE("a task with a request that its wait has not taken is not looked at") {
  task_state state;
  const auto wait = state.begin_wait();
  CHECK(state.suspend(wait) == suspend_result::suspended);
  CHECK(state.hold_for_cancel() == cancel_result::held);
  CHECK(state.hold_to_look() == look_result::busy);
  CHECK(state.release_hold_undelivered() == release_result::waits);
  CHECK(state.hold_to_look() == look_result::busy);
  CHECK(state.claim(wait) == claim_result::make_ready);
  CHECK(state.take_cancel());
}

TEST_CASE("retiring waits for a look, too") {
  for (int i = 0; i < 200; ++i) {
    task_state state;
    const auto wait = state.begin_wait();
    CHECK(state.suspend(wait) == suspend_result::suspended);
    CHECK(state.hold_to_look() == look_result::held);
    int frame = 1;
    std::thread other([&] {
      state.retire();
      frame = 0;
    });
    CHECK(frame == 1);
    CHECK(state.release_hold() == release_result::waits);
    other.join();
    CHECK(frame == 0);
  }
}

TEST_CASE("whoever outwaits a holder comes after him, and before the next one") {
  task_state state;
  state.outwait_holder();  // there is none
  const auto wait = state.begin_wait();
  CHECK(state.suspend(wait) == suspend_result::suspended);
  for (int round = 0; round < 100; ++round) {
    int looked_at = 0;  // unguarded: the hold is the guard
    CHECK(state.hold_to_look() == look_result::held);
    std::thread other([&] {
      state.outwait_holder();
      CHECK(looked_at == 1);
    });
    looked_at = 1;
    CHECK(state.release_hold() == release_result::waits);
    other.join();
  }
}

TEST_CASE("in all interleavings one closes each wait and every request is delivered once") {
  // How many sequences there are: another number means that the enumerator explores something else.
  CHECK(explore(0, 1, 0) == 2);
  CHECK(explore(0, 1, 1) == 33);
  CHECK(explore(0, 1, 2) == 510);
  CHECK(explore(0, 2, 1) == 148);
  CHECK(explore(UINT32_MAX, 2, 1) == 148);
  CHECK(explore(0, 2, 2) == 5144);
  CHECK(explore(0, 3, 2) > 10'000);
  CHECK(explore(0, 1, 3) > 8'000);
}

TEST_CASE("in all interleavings with lookers, too, who change nothing") {
  CHECK(explore(0, 1, 0, 1) > 5);
  CHECK(explore(0, 1, 1, 1) > 100);
  CHECK(explore(0, 2, 1, 1) > 500);
  CHECK(explore(UINT32_MAX, 2, 1, 1) > 500);
  CHECK(explore(0, 1, 1, 2) > 1'000);
  CHECK(explore(0, 1, 2, 1) > 1'000);
  CHECK(explore(0, 2, 2, 1) > 10'000);
}

TEST_CASE("on threads: a completer and two cancellers for one task, each wait closed once") {
  constexpr std::uint32_t waits = 5'000;
  task_state state(UINT32_MAX - waits / 2);
  std::atomic<std::uint64_t> open{0};     // waits begun, plus one while the owner is inside one
  std::atomic<std::uint32_t> number{0};   // of the wait that is open
  std::atomic<std::uint32_t> resumed{0};  // tokens given to the owner
  std::atomic<std::uint32_t> closed{0};   // waits closed, by whomever
  std::atomic<bool> stop{false};
  int plain = 0;  // written by the closer, read by the owner: the edges that the state word promises

  std::thread completer([&] {
    std::uint64_t seen = 0;
    while (!stop) {
      const auto now = open.load();
      if (now == seen) {
        std::this_thread::yield();
        continue;
      }
      seen = now;
      switch (state.claim(number.load())) {
        case claim_result::lost:
          break;
        case claim_result::make_ready:
          closed.fetch_add(1);
          plain = 1;
          resumed.fetch_add(1, std::memory_order_release);
          break;
        case claim_result::closed:
          closed.fetch_add(1);
          break;
      }
    }
  });
  const auto cancel = [&] {
    while (!stop) {
      if (state.hold_for_cancel() != cancel_result::held) {
        std::this_thread::yield();
        continue;
      }
      state.close_hold();
      resumed.fetch_add(1, std::memory_order_release);
    }
  };
  std::thread first(cancel), second(cancel);

  std::uint32_t tokens = 0, delivered = 0;
  for (std::uint32_t i = 0; i < waits; ++i) {
    const auto wait = state.begin_wait();
    number.store(wait);
    open.fetch_add(1);
    switch (state.suspend(wait)) {
      case suspend_result::suspended:
        ++tokens;
        while (resumed.load(std::memory_order_acquire) != tokens) std::this_thread::yield();
        plain = 2;
        break;
      case suspend_result::completed:
        break;
      case suspend_result::cancel_first:
        state.close_hold();
        break;
    }
    CHECK_FALSE(state.is_waiting());
    if (state.begin_wait() != wait + 1) FAIL_CHECK("a wait was closed twice or not at all");
    if (state.take_cancel()) ++delivered;
  }
  stop = true;
  completer.join();
  first.join();
  second.join();
  CHECK(plain != 0);
  CHECK(resumed.load() == tokens);
  CHECK(closed.load() <= waits);
  CHECK(delivered + closed.load() >= waits);  // no wait ended for no reason
}
