// SPDX-License-Identifier: Apache-2.0
// Where a task is in its life: one atomic word, and every transition it can make. Nothing else may tell.
//
//            begin_wait + suspend(n)
//   active ------------------------------> waiting(n)         active  : the task runs, or exactly one queue holds it
//     ^  ^                                   |    |           waiting : suspended in its n-th wait; nobody owns it
//     |  '-- claim(n): completed ------------'    |           done    : no more steps, cancel requests are refused
//     |                                           |
//     '----- hold_for_cancel, release_* ----------'
//                                                           a look: hold_to_look, release_hold; the wait goes on
//   active -- finish() --> done          any -- retire(), its runtime is gone --> done
//
// A wait has a number n, kept in the word. Whoever moves the number from n to n+1 has *closed* wait n, and exactly one
// does: a completer (claim) or a canceller (close_hold). A completer that comes too late finds another number and
// learns that it lost; a stale wake-up cannot touch a later wait.
//
// A wait may be closed before its task has finished suspending: suspend(n) then fails and the task simply goes on.
//
// flags
//   held             a canceller, or somebody who looks, is reading the wait operation; whoever closes the wait
//                    meanwhile leaves the task to the holder, who makes it ready when he lets go, and whoever cancels
//                    it meanwhile leaves the request to him. Keeps the frame alive while it is looked at.
//   cancel_requested a request that no suspension has delivered yet (CPython: _must_cancel)
//   wait_cancelled   the last wait was closed by a canceller; its resumption throws (CPython: the awaited future was
//                    cancelled). Not withdrawn by uncancel().
//   exposed          there is more to its end than its worker knows: somebody may refer to it, or it was in a queue
// fields: bits 8..31 number of cancel requests not undone by uncancel(); bits 32..63 the wait's number, modular.
#pragma once

#include <cstdint>

#include "charkha/detail/backoff.hpp"

namespace charkha::detail {

enum class suspend_result : std::uint8_t {
  suspended,     // the frame belongs to whoever closes the wait
  completed,     // closed while it was being set up: go on running
  cancel_first,  // suspended and held: a request was pending, the caller must now act as its canceller
};

enum class claim_result : std::uint8_t {
  lost,        // somebody else closed this wait
  make_ready,  // closed; the caller makes the task ready
  closed,      // closed; the suspending worker or a holder carries the task on
};

enum class cancel_result : std::uint8_t {
  refused,  // already done
  noted,    // will be delivered at the next suspension, or passed on by the one who holds the task
  held,     // the task waits: the caller holds it and must call one of the release functions
};

enum class look_result : std::uint8_t {
  running,  // it is in no open wait: it runs, or is queued, or is done
  busy,     // it waits, but a cancel request has it in hand or is about to be delivered
  held,     // it waits: the caller holds it and must call release_hold()
};

enum class release_result : std::uint8_t {
  waits,       // the task goes on waiting
  make_ready,  // its wait was closed meanwhile: the caller makes it ready
  again,       // another request came meanwhile and the task still waits: still held, pass that one on too
};

template <class Atomics = std_atomics>
class basic_task_state {
 public:
  basic_task_state() noexcept = default;
  /// Starts at a wait number of the caller's choice, so that tests reach the wrap-around.
  explicit basic_task_state(std::uint32_t first_wait) noexcept : word_(std::uint64_t{first_wait} << wait_shift) {}

  /// The number of the wait that the running task is about to set up. Owner only.
  [[nodiscard]] std::uint32_t begin_wait() const noexcept { return wait_of(word_.load(std::memory_order_relaxed)); }

  /// active -> waiting(n). The last thing that a suspending task does; after `suspended` its frame may be gone.
  [[nodiscard]] suspend_result suspend(std::uint32_t wait) noexcept { return suspend(wait, 0); }

  /// As suspend(), for a task whose children run: by the worker that runs them, or by one that took a child of theirs
  /// away, whoever is first. Nobody closes wait n before that. `completed`: it was published before.
  [[nodiscard]] suspend_result publish(std::uint32_t wait) noexcept {
    // [task-suspended] the frame is as it is now: for one who took a child away, since he took it.
    return is_waiting() ? suspend_result::completed : suspend(wait, waiting);
  }

  /// waiting(n) -> active, by the completer of wait n. Callable from any thread that keeps the task alive.
  [[nodiscard]] claim_result claim(std::uint32_t wait) noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    for (;;) {
      if (wait_of(word) != wait) return claim_result::lost;
      // [wait-closed] release: the completer's writes, for a task that has not finished suspending.
      // [task-suspended] acquire: the frame, for a completer that makes the task ready.
      if (word_.compare_exchange_weak(word, (word & ~waiting) + one_wait, std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
        const bool ready = (word & (waiting | held)) == waiting;
        return ready ? claim_result::make_ready : claim_result::closed;
      }
    }
  }

  /// Counts a cancel request and, if the task waits, holds it. Callable from any thread; never waits for another
  /// canceller, so that requests that meet in a cycle of awaits cannot block each other.
  [[nodiscard]] cancel_result hold_for_cancel() noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    for (;;) {
      if ((word & done) != 0) return cancel_result::refused;
      const bool waits = (word & (waiting | held)) == waiting;
      const auto counted = (word & count_mask) == count_mask ? word : word + one_cancel;
      // [task-suspended] acquire: the holder reads the wait operation that the task set up.
      if (word_.compare_exchange_weak(word, counted | (waits ? held : cancel_requested), std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
        return waits ? cancel_result::held : cancel_result::noted;
      }
    }
  }

  /// Holds a waiting task so that what it waits for can be read; no request is counted, none is delivered. A task with
  /// a request that its wait has not taken is left alone: the request that release_hold() may then find came meanwhile,
  /// and relies on the holder. Callable from any thread; never waits for another holder.
  [[nodiscard]] look_result hold_to_look() noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    for (;;) {
      if ((word & (waiting | done)) != waiting) return look_result::running;
      if ((word & (held | cancel_requested)) != 0) return look_result::busy;
      // [task-suspended] acquire: the holder reads the wait operation that the task set up.
      // [held-again] acquire: and what outwait_holder() was to show him.
      if (word_.compare_exchange_weak(word, word | held, std::memory_order_acquire, std::memory_order_relaxed)) {
        return look_result::held;
      }
    }
  }

  /// The holder closes the wait; if a completer was faster, the cancel still wins (R31) and is delivered when the
  /// task resumes. Either way the caller makes the task ready.
  void close_hold() noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    for (;;) {
      const bool open = (word & waiting) != 0;
      const auto next =
          open ? ((word & ~(waiting | held)) + one_wait) | wait_cancelled : (word & ~held) | cancel_requested;
      if (word_.compare_exchange_weak(word, next, std::memory_order_acq_rel, std::memory_order_relaxed)) return;
    }
  }

  /// Waits for one who holds the task to let go; whoever holds it next sees what the caller wrote before.
  void outwait_holder() noexcept {
    backoff pause;
    // [held-again] release, by an RMW: it comes before or after each hold. Acquire: the holder is through.
    while ((word_.fetch_or(0, std::memory_order_acq_rel) & held) != 0) pause();
  }

  /// The holder passed the request on to what the task waits for, or has only looked. `again` after a look: a request
  /// came meanwhile and found the task held; it is the looker's to pass on, as a canceller that holds the task.
  [[nodiscard]] release_result release_hold() noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    for (;;) {
      const bool again = (word & waiting) != 0 && (word & cancel_requested) != 0;
      // [task-suspended] acquire: a holder that carries the task on resumes its frame.
      if (word_.compare_exchange_weak(word, word & ~(again ? cancel_requested : held), std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
        if (again) return release_result::again;
        return (word & waiting) != 0 ? release_result::waits : release_result::make_ready;
      }
    }
  }

  /// As release_hold, but what the task waits for is done already and refused: the request stays with the task.
  [[nodiscard]] release_result release_hold_undelivered() noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    while (!word_.compare_exchange_weak(word, (word & ~held) | cancel_requested, std::memory_order_acq_rel,
                                        std::memory_order_relaxed)) {
    }
    return (word & waiting) != 0 ? release_result::waits : release_result::make_ready;
  }

  /// At a resumption: is a cancel to be delivered here? Delivers it, once. Owner only.
  [[nodiscard]] bool take_cancel() noexcept {
    if ((word_.load(std::memory_order_relaxed) & (cancel_requested | wait_cancelled)) == 0) return false;
    word_.fetch_and(~(cancel_requested | wait_cancelled), std::memory_order_acq_rel);
    return true;
  }

  /// Is a request pending that no suspension has delivered? A hint for anyone, exact for the owner before he suspends.
  [[nodiscard]] bool cancel_pending() const noexcept {
    return (word_.load(std::memory_order_relaxed) & cancel_requested) != 0;
  }

  /// Was the last wait closed by a canceller, and the task has not resumed since? Another request adds nothing to what
  /// is delivered then. A hint for anyone.
  [[nodiscard]] bool cancel_arriving() const noexcept {
    return (word_.load(std::memory_order_relaxed) & wait_cancelled) != 0;
  }

  /// Puts a request back that was delivered to the wrong place (a group that raises its errors instead). Owner only.
  void restore_cancel() noexcept { word_.fetch_or(cancel_requested, std::memory_order_acq_rel); }

  /// active -> done. True: a request was pending and undelivered, so the task ends cancelled (R27). Owner only.
  [[nodiscard]] bool finish() noexcept {
    return (word_.fetch_or(done, std::memory_order_acq_rel) & cancel_requested) != 0;
  }

  /// From here on it does not end unseen. For whoever keeps the task alive.
  void expose() noexcept { word_.fetch_or(exposed, std::memory_order_relaxed); }

  /// As finish_unseen(), if the task is as it was made: never waited, was never asked to stop, is not exposed. False: it
  /// is not, and nothing has happened. Owner only.
  [[nodiscard]] bool finish_untouched() noexcept {
    if (word_.load(std::memory_order_relaxed) != 0) return false;
    word_.store(done, std::memory_order_relaxed);
    return true;
  }

  /// As finish(), for a task that only those can find who hold its parent. A request that comes at the same moment may
  /// be lost: it came too late. Owner only.
  [[nodiscard]] bool finish_unseen() noexcept {
    const auto word = word_.load(std::memory_order_relaxed);
    word_.store(word | done, std::memory_order_relaxed);
    return (word & cancel_requested) != 0;
  }

  /// Any state -> done, for a task that will never run again. Waits for a holder to let go, so that the frame can be
  /// destroyed afterwards.
  void retire() noexcept {
    backoff pause;
    auto word = word_.load(std::memory_order_relaxed);
    for (;;) {
      if ((word & held) != 0) {
        pause();
        word = word_.load(std::memory_order_relaxed);
        continue;
      }
      if (word_.compare_exchange_weak(word, (word & ~waiting) | done, std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
        return;
      }
    }
  }

  /// Cancel requests less uncancel() calls.
  [[nodiscard]] std::uint32_t cancelling() const noexcept {
    return static_cast<std::uint32_t>((word_.load(std::memory_order_acquire) & count_mask) >> count_shift);
  }

  /// Takes one request back and returns how many are left. If no more than `settled` are, those that were dealt with
  /// before, an undelivered one is withdrawn (R33).
  std::uint32_t uncancel(std::uint32_t settled = 0) noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    for (;;) {
      if ((word & count_mask) == 0) return 0;
      auto next = word - one_cancel;
      if (((next & count_mask) >> count_shift) <= settled) next &= ~cancel_requested;
      if (word_.compare_exchange_weak(word, next, std::memory_order_acq_rel, std::memory_order_relaxed)) {
        return static_cast<std::uint32_t>((next & count_mask) >> count_shift);
      }
    }
  }

  /// Is it suspended in an open wait? A snapshot, for reports.
  [[nodiscard]] bool is_waiting() const noexcept { return (word_.load(std::memory_order_acquire) & waiting) != 0; }
  [[nodiscard]] bool is_done() const noexcept { return (word_.load(std::memory_order_acquire) & done) != 0; }

 private:
  static constexpr std::uint64_t waiting = 1, held = 2, cancel_requested = 4, wait_cancelled = 8, done = 16,
                                 exposed = 32;
  static constexpr unsigned count_shift = 8, wait_shift = 32;
  static constexpr std::uint64_t one_cancel = std::uint64_t{1} << count_shift;
  static constexpr std::uint64_t count_mask = 0xffff'ff00;
  static constexpr std::uint64_t one_wait = std::uint64_t{1} << wait_shift;

  [[nodiscard]] suspend_result suspend(std::uint32_t wait, std::uint64_t unless) noexcept {
    // [wait-closed] acquire: a wait that was closed meanwhile shows what its completer wrote.
    auto word = word_.load(std::memory_order_acquire);
    for (;;) {
      if (wait_of(word) != wait || (word & unless) != 0) return suspend_result::completed;
      const bool cancel = (word & cancel_requested) != 0;
      const auto next = cancel ? (word & ~cancel_requested) | waiting | held : word | waiting;
      // [task-suspended] release: whoever closes the wait and resumes the task sees its frame as it is now.
      // [wait-closed] acquire on failure, as above.
      if (word_.compare_exchange_weak(word, next, std::memory_order_release, std::memory_order_acquire)) {
        return cancel ? suspend_result::cancel_first : suspend_result::suspended;
      }
    }
  }

  static constexpr std::uint32_t wait_of(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word >> wait_shift);
  }

  typename Atomics::template atomic<std::uint64_t> word_{0};
};

using task_state = basic_task_state<>;

}  // namespace charkha::detail
