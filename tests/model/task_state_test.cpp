// SPDX-License-Identifier: Apache-2.0
// The state word of a task between its worker, completers, cancellers and lookers. The task has a frame, which is plain
// memory that goes when the task ends: whoever touches it without owning or holding the task is a data race or uses
// what was freed.
#include "charkha/detail/task_state.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

#include "checker/atomic.hpp"
#include "checker/scenario.hpp"

using charkha::detail::cancel_result;
using charkha::detail::claim_result;
using charkha::detail::look_result;
using charkha::detail::release_result;
using charkha::detail::suspend_result;
using charkha::model::atomic;
using charkha::model::explore;
using charkha::model::scenario;

namespace {

using task_state = charkha::detail::basic_task_state<charkha::model::atomics>;

constexpr std::uint32_t last_wait = UINT32_MAX;  // the second wait has the number 0

// A task that waits a few times and ends. Its steps run on whatever thread is told to make it ready.
class task {
 public:
  explicit task(scenario& of, unsigned waits = 1) : run_(of), frame_(new frame), waits_(waits) {}

  /// Its step up to the next suspension, or its end.
  void step() {
    frame_->local = 1;
    if (frame_->waited == waits_) {
      end();
      return;
    }
    const std::uint32_t wait = state_.begin_wait();
    run_.check(wait == last_wait + static_cast<std::uint32_t>(frame_->waited), "waits are numbered in turn");
    numbers_[frame_->waited] = wait;
    // The wait operation is where its completer finds it.
    registered_[frame_->waited].store(true, std::memory_order_release);
    frame_->local = 2;
    switch (state_.suspend(wait)) {
      case suspend_result::suspended:
        return;
      case suspend_result::completed:
        resume();
        return;
      case suspend_result::cancel_first:
        end_wait();
        return;
    }
  }

  // completers

  void complete(unsigned wait) {
    charkha::model::await(registered_[wait]);
    close(wait);
  }
  /// One of two who close the same wait.
  void close(unsigned wait) {
    switch (state_.claim(numbers_[wait])) {
      case claim_result::make_ready:
        closed(wait);
        resume();
        return;
      case claim_result::closed:
        return;
      case claim_result::lost:
        return;
    }
  }
  /// The only completer, who leaves a result that the task finds if it was not cancelled.
  void complete_with_result(unsigned wait) {
    charkha::model::await(registered_[wait]);
    result_ = 7;
    close(wait);
  }

  // cancellers

  /// Ends the wait, if there is one.
  void cancel() {
    message_.store(1, std::memory_order_relaxed);
    switch (state_.hold_for_cancel()) {
      case cancel_result::refused:
        return;
      case cancel_result::noted:
        asked_.fetch_add(1, std::memory_order_relaxed);
        return;
      case cancel_result::held:
        asked_.fetch_add(1, std::memory_order_relaxed);
        end_wait();
        return;
    }
  }
  /// Passes the request on to what the task waits for, which takes it: the wait goes on.
  void pass_on() {
    message_.store(1, std::memory_order_relaxed);
    switch (state_.hold_for_cancel()) {
      case cancel_result::refused:
        return;
      case cancel_result::noted:
        asked_.fetch_add(1, std::memory_order_relaxed);
        return;
      case cancel_result::held:
        break;
    }
    release_result released = release_result::again;
    while (released == release_result::again) {
      read_wait();
      released = state_.release_hold();
    }
    if (released == release_result::make_ready) resume();
  }
  /// Finds that what the task waits for is done: the request stays with the task.
  void leave_undelivered() {
    message_.store(1, std::memory_order_relaxed);
    if (state_.hold_for_cancel() != cancel_result::held) return;
    read_wait();
    if (state_.release_hold_undelivered() == release_result::make_ready) resume();
  }

  /// Looks at what the task waits for.
  void look() {
    if (state_.hold_to_look() != look_result::held) return;
    read_wait();
    switch (state_.release_hold()) {
      case release_result::waits:
        return;
      case release_result::make_ready:
        resume();
        return;
      case release_result::again:
        end_wait();
        return;
    }
  }

  // at the end

  [[nodiscard]] task_state& state() noexcept { return state_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] unsigned delivered() const noexcept { return delivered_; }
  [[nodiscard]] unsigned asked() const noexcept { return asked_.load(std::memory_order_relaxed); }
  /// Suspended for good: its runtime is torn down.
  void destroy() {
    state_.retire();
    delete frame_;
  }
  /// What it waits for goes away: whoever holds the task finishes with it first.
  void orphan() {
    orphaned_.store(true, std::memory_order_relaxed);
    state_.outwait_holder();
    awaited_ = -1;
  }
  void look_at_awaited() {
    if (state_.hold_to_look() != look_result::held) return;
    if (!orphaned_.load(std::memory_order_relaxed))
      run_.check(awaited_ == 0, "it is there as long as nothing says otherwise");
    static_cast<void>(state_.release_hold());
  }

 private:
  struct frame {
    unsigned waited = 0;
    int local = 0;
  };

  void read_wait() { run_.check(frame_->local == 2, "who holds the task sees the wait that it set up"); }
  void closed(unsigned wait) { run_.check(frame_->waited == wait, "the wait that was closed is the one that is open"); }
  void end_wait() {
    read_wait();
    state_.close_hold();
    resume();
  }
  void resume() {
    frame_->local = 3;
    const bool cancelled = state_.take_cancel();
    if (cancelled) deliver();
    if (!cancelled && result_ != 0) run_.check(result_ == 7, "the result is there");
    ++frame_->waited;
    step();
  }
  void deliver() {
    ++delivered_;
    run_.check(message_.load(std::memory_order_relaxed) == 1, "what the canceller left is there");
  }
  void end() {
    run_.check(!ended_, "it ends once");
    ended_ = true;
    if (state_.finish()) deliver();
    delete frame_;
  }

  scenario& run_;
  task_state state_{last_wait};
  frame* frame_;
  const unsigned waits_;
  std::array<std::uint32_t, 2> numbers_{};
  std::array<atomic<bool>, 2> registered_{};
  int result_ = 0;
  int awaited_ = 0;
  atomic<bool> orphaned_{false};
  // the task's own
  bool ended_ = false;
  unsigned delivered_ = 0;
  // cancellers
  atomic<unsigned> asked_{0};
  atomic<int> message_{0};
};

}  // namespace

TEST_CASE("wake against suspend: the task goes on once, with what its completer wrote") {
  const auto found = explore({.name = "state: wake against suspend"}, [](scenario& run) {
    auto& t = run.make<task>(run);
    run.thread("completer", [&] { t.complete_with_result(0); });
    t.step();
    run.join();
    run.check(t.ended() && t.delivered() == 0, "it has ended");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("two completers of one wait: one closes it, the other finds a later number or a closed one") {
  const auto found = explore({.name = "state: two completers, two waits"}, [](scenario& run) {
    auto& t = run.make<task>(run, 2);
    run.thread("completer", [&] {
      t.complete(0);
      t.complete(1);
    });
    run.thread("late one", [&] { t.complete(0); });
    t.step();
    run.join();
    run.check(t.ended(), "it has ended");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("cancel against complete and suspend: one of them closes the wait, and the request is delivered once") {
  const auto found = explore({.name = "state: cancel, complete, suspend"}, [](scenario& run) {
    auto& t = run.make<task>(run);
    run.thread("completer", [&] { t.complete_with_result(0); });
    run.thread("canceller", [&] { t.cancel(); });
    t.step();
    run.join();
    run.check(t.ended(), "it has ended");
    run.check(t.delivered() == t.asked(), "a request that was taken is delivered, once");
    run.check(t.state().cancelling() == t.asked(), "and counted");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("two waits, a canceller, a completer for each") {
  const auto found = explore({.name = "state: cancel in either of two waits"}, [](scenario& run) {
    auto& t = run.make<task>(run, 2);
    run.thread("completer", [&] {
      t.complete(0);
      t.complete(1);
    });
    run.thread("canceller", [&] { t.cancel(); });
    t.step();
    run.join();
    run.check(t.ended() && t.delivered() == t.asked(), "it has ended, and knows of the request");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("two cancellers and a completer: requests may come as one, none is lost") {
  const auto found = explore({.name = "state: two cancellers, a completer", .preemptions = 3}, [](scenario& run) {
    auto& t = run.make<task>(run);
    run.thread("completer", [&] { t.complete(0); });
    run.thread("canceller", [&] { t.cancel(); });
    run.thread("other canceller", [&] { t.cancel(); });
    t.step();
    run.join();
    run.check(t.ended(), "it has ended");
    run.check((t.delivered() > 0) == (t.asked() > 0), "requests are delivered");
    run.check(t.delivered() <= t.asked(), "and none twice");
    run.check(t.state().cancelling() == t.asked(), "and all counted");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("a request that is passed on leaves the wait to its completer; whoever comes last carries the task on") {
  const auto found =
      explore({.name = "state: holder against completer against canceller", .preemptions = 3}, [](scenario& run) {
        auto& t = run.make<task>(run);
        run.thread("completer", [&] { t.complete_with_result(0); });
        run.thread("passes on", [&] { t.pass_on(); });
        run.thread("canceller", [&] { t.cancel(); });
        t.step();
        run.join();
        run.check(t.ended(), "it has ended");
        run.check(t.delivered() <= 2, "no request comes twice");
      });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("a request that is left undelivered stays with the task") {
  const auto found = explore({.name = "state: undelivered against complete"}, [](scenario& run) {
    auto& t = run.make<task>(run);
    run.thread("completer", [&] { t.complete_with_result(0); });
    run.thread("leaves it", [&] { t.leave_undelivered(); });
    t.step();
    run.join();
    run.check(t.ended(), "it has ended");
    run.check(t.delivered() == t.state().cancelling(), "a request that was counted is delivered");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("look against cancel, complete and suspend: the looker carries on whatever came meanwhile") {
  const auto found = explore({.name = "state: look, cancel, complete", .preemptions = 3}, [](scenario& run) {
    auto& t = run.make<task>(run);
    run.thread("completer", [&] { t.complete_with_result(0); });
    run.thread("canceller", [&] { t.cancel(); });
    run.thread("looker", [&] { t.look(); });
    t.step();
    run.join();
    run.check(t.ended(), "it has ended");
    run.check(t.delivered() == t.asked(), "a request that was taken is delivered, once");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("look against cancel, and nobody completes: the request ends the wait, whoever has to see to it") {
  const auto found = explore({.name = "state: look against cancel alone"}, [](scenario& run) {
    auto& t = run.make<task>(run);
    run.thread("canceller", [&] { t.cancel(); });
    run.thread("looker", [&] { t.look(); });
    t.step();
    run.join();
    run.check(t.ended() && t.delivered() == 1, "it has ended, cancelled");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("a task that is torn down while somebody holds it: its frame goes when he has let go") {
  const auto found = explore({.name = "state: retire against look and cancel"}, [](scenario& run) {
    auto& t = run.make<task>(run);
    t.step();  // suspended, and nobody completes it
    run.thread("looker", [&] {
      if (t.state().hold_to_look() == look_result::held) static_cast<void>(t.state().release_hold());
    });
    run.thread("other looker", [&] { t.look(); });
    t.destroy();
    run.join();
    run.check(t.state().hold_for_cancel() == cancel_result::refused, "it takes no requests any more");
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("what a task waits for goes away: a holder was through with it before, or knows") {
  const auto found = explore({.name = "state: outwait a holder"}, [](scenario& run) {
    auto& t = run.make<task>(run);
    t.step();
    run.thread("looker", [&] { t.look_at_awaited(); });
    t.orphan();
    run.join();
    t.destroy();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}

TEST_CASE("requests are taken back while others are made") {
  const auto found = explore({.name = "state: uncancel against cancel"}, [](scenario& run) {
    auto& t = run.make<task>(run);
    run.thread("canceller", [&] { t.cancel(); });
    run.thread("other canceller", [&] { t.cancel(); });
    const std::uint32_t left = t.state().uncancel();
    const bool withdrawn = !t.state().cancel_pending();
    run.join();
    run.check(left <= 1, "no request is taken back that was not made");
    const bool took = t.state().cancelling() < t.asked();
    run.check(t.state().cancelling() + (took ? 1U : 0U) == t.asked(), "the count is right");
    static_cast<void>(withdrawn);
    run.check(t.state().finish() || t.state().cancelling() == 0, "what is counted is pending");
    t.destroy();
  });
  CHECK_MESSAGE(found.holds(), found.failure);
}
